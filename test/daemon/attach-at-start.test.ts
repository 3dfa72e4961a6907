import { afterEach, beforeEach, expect, test } from "bun:test";
import type { AttachOrder, AttachReply } from "../../src/admin/attach.ts";
import type { Domain } from "../../src/base/domain.ts";
import { AttachAtStart } from "../../src/daemon/attach/attach-at-start.ts";
import type { Answered } from "../../src/hypervisor/domain-orders.ts";

const WEB1: Domain = {
  name: "web1",
  state: "running",
  origin: "booted",
  pins: [[0], [1], [2]],
  channels: new Map(),
};

let orders: AttachOrder[];
let lines: string[];
let rings: (() => void)[];
let answer: Answered<AttachReply>;
let domains: Map<string, Domain>;
let removed: Record<number, "removed">;
let served: boolean;
let attachAtStart: AttachAtStart;

beforeEach(() => {
  [orders, lines, rings, domains, removed, served] = [[], [], [], new Map(), {}, true];
  answer = { ok: true, value: { present: [], attached: [0, 1, 2] } };
  const contracts = { values: (vm: string) => ({ attachAtStart: vm !== "plain" }) };
  const vms = { domains, contracts, isAdded: () => served };
  const known = { vms, store: { vm: () => ({ channels: removed }) }, events: { publish: () => {} } };
  attachAtStart = new AttachAtStart({
    parts: () => known as never,
    helper: {
      async attach(order) {
        orders.push(order);
        return answer;
      },
    },
    alarm: { after: (_name, _ms, ring) => void rings.push(() => ring({ monoMs: 0, wallMs: 0 })) },
    log: (_about, level, line) => void lines.push(`${level} ${line().message}`),
  });
});

afterEach(() => expect(rings.length).toBeLessThanOrEqual(orders.length));

function seen(domain: Partial<Domain> = {}): void {
  const whole = { ...WEB1, ...domain };
  domains.set(whole.name, whole);
  attachAtStart.seen(whole);
}

/** Lets the answers arrive, and the pauses after them end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
    for (const ring of rings.splice(0)) ring();
  }
}

test("a VM that starts without channels gets those of its vCPUs, once it runs, and once in a run", async () => {
  seen({ state: "paused" });
  await settle();
  expect(orders).toEqual([]);
  seen();
  seen();
  await settle();
  expect(orders).toEqual([{ vm: "web1", channels: [0, 1, 2], config: false }]);
  expect(lines).toEqual(["notice web1 started without channels (AttachAtStart=yes): attached 0-2"]);
  attachAtStart.gone("web1");
  seen();
  await settle();
  expect(orders.length).toBe(2);
});

test("channels that are detached while it runs stay detached", async () => {
  seen({ channels: new Map([["/run/web1.0", 0]]) });
  seen({ channels: new Map() });
  await settle();
  expect(orders).toEqual([]);
});

test("a failure is told with its remedy, and not repeated before the next start", async () => {
  const remedy = "systemctl enable --now vm-power-attach.socket";
  answer = {
    ok: false,
    why: { kind: "refused", reason: "The helper vm-power-attach is not there", remedy },
  };
  for (let report = 0; report < 5; report++) {
    seen();
    await settle();
  }
  expect(orders.length).toBe(1);
  expect(lines).toEqual([
    `warning web1 started without channels (AttachAtStart=yes): The helper vm-power-attach is not there; ${remedy}`,
  ]);
});

test("VMs without the key, that are not served, or whose channels cannot be known, are left alone", async () => {
  seen({ name: "plain" });
  seen({ name: "static", channels: undefined });
  served = false;
  seen();
  await settle();
  expect(orders).toEqual([]);
});

test("channels that an operator removed are not attached again", async () => {
  removed = { 1: "removed" };
  seen();
  await settle();
  expect(orders).toEqual([{ vm: "web1", channels: [0, 2], config: false }]);
  removed = { 0: "removed", 1: "removed", 2: "removed" };
  seen({ name: "web2" });
  await settle();
  expect(orders.length).toBe(1);
});

test("VMs that start together are asked for one after the other, with a pause, and not if they are gone", async () => {
  for (const name of ["a", "b", "c"]) seen({ name });
  expect(orders.map(({ vm }) => vm)).toEqual(["a"]);
  attachAtStart.gone("b");
  await settle();
  expect(orders.map(({ vm }) => vm)).toEqual(["a", "c"]);
});
