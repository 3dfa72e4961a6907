import { describe, expect, test } from "bun:test";
import { XenStage } from "./xen-stage.ts";

describe("orders to Xen", () => {
  const live = { live: true, config: false };

  test("vcpus() and pinVcpu() ask Xen, and the domain was looked at again when an order is done", async () => {
    await using stage = new XenStage();
    stage.boot(5, "web1", { pins: [[1], [2]] });
    const { orders } = await stage.followed({ beatMs: 60_000 });
    expect(await orders?.pinVcpu("web1", { vcpu: 1, pcpus: [2, 3] }, live)).toEqual({
      ok: true,
      value: undefined,
    });
    expect(stage.recorder.domains.get("web1")?.pins).toEqual([[1], [2, 3]]);
    expect(await orders?.vcpus("web1")).toEqual({
      ok: true,
      value: [
        { vcpu: 0, state: "running", cpuTimeMs: 5000, pcpu: 1, pcpus: [1] },
        { vcpu: 1, state: "running", cpuTimeMs: 5000, pcpu: 2, pcpus: [2, 3] },
      ],
    });
    expect(await orders?.vcpus("web2")).toEqual({ ok: false, why: { kind: "noDomain" } });
    expect(await orders?.pinVcpu("web1", { vcpu: 2, pcpus: [1] }, live)).toEqual({
      ok: false,
      why: { kind: "refused", reason: "Xen refuses: ESRCH" },
    });
  });

  test("what only xl and its files can do is refused with the command", async () => {
    await using stage = new XenStage();
    const { orders } = await stage.followed();
    expect(await orders?.setVcpus("web1", 3, live)).toEqual({
      ok: false,
      why: {
        kind: "refused",
        reason: "vm-power does not change the vCPUs of Xen's domains",
        remedy: "xl vcpu-set web1 3",
      },
    });
    expect(await orders?.planChannels({ vm: "web1", directory: "/tmp" }, undefined)).toEqual({
      ok: false,
      why: {
        kind: "refused",
        reason: 'Xen has no definition of "web1" that could be changed',
        remedy: "vmpowerctl channel-config web1 --format xl",
      },
    });
    expect(await orders?.planAttach("web1", { channels: [0], config: false })).toEqual({
      ok: false,
      why: {
        kind: "refused",
        reason: "Xen adds no channels to a running domain",
        remedy: "vmpowerctl channel-config web1 --format xl, then start it again",
      },
    });
  });
});
