import { expect, test } from "bun:test";
import { listToCpumap } from "../../src/hypervisor/libvirt/cpumaps.ts";
import { Stage } from "./stage.ts";

/** DOMAIN_LOOKUP_BY_NAME, and the calls that change a domain. */
const LOOKUP = 23;

test("invalid replies of libvirtd are reported, and end nothing", async () => {
  await using stage = new Stage();
  stage.fake.add("web1", [[0]]);
  await stage.opened();
  for (const bytes of [new Uint8Array(), new Uint8Array(3), new Uint8Array(64).fill(0xff)]) {
    stage.fake.misbehave.set(LOOKUP, () => ({ kind: "body", status: 0, bytes }));
    expect(await stage.hypervisor.orders.vcpus("web1")).toMatchObject({
      ok: false,
      why: { reason: "libvirt sent a reply to 23 that makes no sense" },
    });
  }
  stage.fake.misbehave.set(LOOKUP, () => ({ kind: "cut" }));
  expect(await stage.hypervisor.orders.vcpus("web1")).toMatchObject({
    ok: false,
    why: { reason: "libvirt closed the connection" },
  });
  expect(stage.hypervisor.status().state).toBe("connected");
});

test("a refusal of polkit has the remedy", async () => {
  await using stage = new Stage();
  await stage.opened();
  stage.fake.authTypes = [2];
  stage.fake.misbehave.set(70, () => ({ kind: "refuse", code: 45, message: "access denied by policy" }));
  expect(await stage.hypervisor.orders.setVcpus("web1", 1, { live: true, config: false })).toEqual({
    ok: false,
    why: {
      kind: "refused",
      reason: `libvirtd asks polkit at "${stage.fake.path}", which refuses (access denied by policy): usermod -aG libvirt vm-power && systemctl restart vm-power lets it in`,
    },
  });
});

test("operators cannot use up libvirtd's connections", async () => {
  await using stage = new Stage();
  await stage.opened();
  stage.fake.misbehave.set(LOOKUP, () => ({ kind: "silence" }));
  const told = await Promise.all(Array.from({ length: 6 }, () => stage.hypervisor.orders.vcpus("web1")));
  const busy = told.filter(
    (each) => !each.ok && each.why.kind === "refused" && /already/.test(each.why.reason),
  );
  expect(busy.length).toBe(2);
  expect(stage.fake.connections).toBe(5);
});

test("listToCpumap() returns the shortest map", () => {
  expect([[], [0], [1, 3], [9]].map((list) => [...listToCpumap(list)])).toEqual([[0], [1], [10], [0, 2]]);
});
