import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Channel } from "../../../src/channels/channel.ts";
import { openLibvirt } from "../../../src/hypervisor/libvirt/libvirt.ts";
import { peerCredentials } from "../../../src/os/peer-credentials.ts";
import { until } from "../../daemon/until.ts";
import { xmlOf } from "../../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../../hypervisor/fake-libvirtd.ts";
import { Recorder } from "../../hypervisor/recorder.ts";
import { TIMING } from "../../hypervisor/stage.ts";
import { testChannels } from "../host.ts";

const CHANNELS = 10;
const RESTARTS = 100;
const [STARTED, STOPPED] = [2, 5];

/** A process that plants sockets. */
class Planter {
  readonly #process: Bun.Subprocess;
  readonly #planted = new Map<string, () => void>();
  readonly ready: Promise<void>;
  answeredBytes = 0;

  constructor() {
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#process = Bun.spawn([process.execPath, join(import.meta.dir, "listener.ts")], {
      stderr: "inherit",
      ipc: (message: { kind: string; path?: string; bytes?: number }) => {
        if (message.kind === "ready") ready.resolve();
        if (message.kind === "planted") this.#planted.get(message.path ?? "")?.();
        if (message.kind === "answered") this.answeredBytes += message.bytes ?? 0;
      },
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Puts a socket at a path, and waits until it is there. */
  async plant(path: string): Promise<void> {
    const planted = Promise.withResolvers<void>();
    this.#planted.set(path, planted.resolve);
    this.#process.send(path);
    await planted.promise;
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }
}

const qemus: Planter[] = [];
let thief: Planter;

beforeAll(async () => {
  thief = new Planter();
  qemus.push(new Planter(), new Planter(), new Planter());
  await Promise.all([thief, ...qemus].map(({ ready }) => ready));
}, 30_000);

afterAll(() => {
  for (const planter of [thief, ...qemus]) planter.end();
});

test("1,000 sockets that another process of QEMU's user plants in the race of a VM's restart are refused, each with its reason", async () => {
  const recorder = new Recorder();
  const refusals: string[] = [];
  const served: number[] = [];
  using host = testChannels({
    admit: ({ vm, path, number }) =>
      recorder.domains.get(vm)?.channels?.get(path) === number ? undefined : { reason: "not its VM's" },
    processOf: (vm) => recorder.domains.get(vm)?.pid,
    peerOf: peerCredentials,
    packet: ({ peer }) => void served.push(peer?.pid ?? 0),
    changed({ status, objection, number }) {
      if (status === "refused" && objection?.reason.startsWith("its socket is served by"))
        refusals.push(`${number}: ${objection.reason}`);
    },
  });
  const fake = new FakeLibvirtd(join(host.directory, "sock"));
  mkdirSync(join(host.directory, "qemu"));
  const domain = fake.add(
    "web1",
    Array.from({ length: CHANNELS }, (_, i) => [i]),
    { state: STOPPED },
  );
  const hypervisor = openLibvirt(
    { uri: "qemu:///system", socket: fake.path, log: recorder.log, timing: TIMING },
    Object.assign(Object.create(recorder), {
      domain(known: Parameters<Recorder["domain"]>[0]) {
        recorder.domain(known);
        host.channels.state(known.name, known.channels);
        host.channels.reconsider(known.name);
      },
      gone(name: string, ending: Parameters<Recorder["gone"]>[1]) {
        recorder.gone(name, ending);
        host.channels.state(name, undefined);
      },
    }),
  );
  await until(() => recorder.told.includes("ready"));

  const paths = Array.from({ length: CHANNELS }, (_, i) => host.path(`web1.${i}`));
  const channelAt = (path: string): Channel | undefined =>
    [...host.channels.list()].find((channel) => channel.path === path);

  /** One run of the VM; `order` says of each channel when the thief plants its socket. */
  async function restart(qemu: Planter, order: readonly ("early" | "late" | "again")[]): Promise<void> {
    const planted = (when: string, planter: Planter) =>
      paths.filter((_, i) => order[i] === when).map((path) => planter.plant(path));
    const before = refusals.length;
    domain.state = STOPPED;
    fake.lifecycle(domain, STOPPED, 0);
    // QEMU's own sockets are there before libvirt tells of the run, unless the thief takes their place.
    await Promise.all(paths.map((path) => qemu.plant(path)));
    await Promise.all([...planted("early", thief), ...planted("again", thief)]);
    Object.assign(domain, { state: 1, id: domain.id + 1 });
    domain.xml = xmlOf(domain, host.directory);
    writeFileSync(join(host.directory, "qemu/web1.pid"), `${qemu.pid}`);
    const late = planted("late", thief);
    fake.lifecycle(domain, STARTED, 0);
    await Promise.all(late);
    // What the thief plants late may be too late: then it comes again at the next restart.
    const mustRefuse = order.filter((when) => when !== "late").length;
    await until(() => refusals.length - before >= mustRefuse);
    await Promise.all(paths.map((path) => qemu.plant(path)));
    await Promise.all(planted("again", thief));
    await Promise.all(paths.map((path) => qemu.plant(path)));
    await until(() => paths.every((path) => channelAt(path)?.status === "connected"));
    for (const path of paths) expect(channelAt(path)?.peer?.pid).toBe(qemu.pid);
    const reason = `its socket is served by process ${thief.pid}, and its VM is process ${qemu.pid}`;
    for (const refusal of refusals.slice(before)) expect(refusal.replace(/^\d+: /, "")).toBe(reason);
  }

  const order = fc.array(fc.constantFrom("early", "late", "again" as const), {
    minLength: CHANNELS,
    maxLength: CHANNELS,
  });
  const runs = fc.sample(order, { numRuns: RESTARTS });
  for (const [i, when] of runs.entries()) await restart(qemus[i % qemus.length] as Planter, when);
  while (refusals.length < 1000)
    await restart(qemus[refusals.length % qemus.length] as Planter, new Array(CHANNELS).fill("early"));
  expect(refusals.length).toBeGreaterThanOrEqual(1000);
  expect(served.filter((pid) => pid === thief.pid)).toEqual([]);
  expect([thief.answeredBytes, served.length > 0]).toEqual([0, true]);
  await hypervisor.close();
  fake.stop();
}, 60_000);
