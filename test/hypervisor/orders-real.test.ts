import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LibvirtHypervisor, openLibvirt } from "../../src/hypervisor/libvirt/libvirt.ts";
import { LIBVIRT_TIMING } from "../../src/hypervisor/libvirt/timing.ts";
import { RealLibvirtd, whyNoLibvirtd } from "./real-libvirtd.ts";
import { Recorder, until } from "./recorder.ts";

const why = whyNoLibvirtd();

const LIVE = { live: true, config: false };
/** The only CPUs that libvirt's test driver accepts for a pin. */
const NOW = { live: false, config: false };
const BOTH = { live: true, config: true };

const skipped = why === undefined ? "" : ` (skipped: ${why})`;

describe.skipIf(why !== undefined)(`orders to the real libvirtd${skipped}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-orders-"));
  const libvirtd = new RealLibvirtd({ directory, uri: "test:///default" });
  const recorder = new Recorder();
  let hypervisor: LibvirtHypervisor;

  function open(socket: string, events = recorder): LibvirtHypervisor {
    // Lists are switched off, so every report is due to an order.
    const timing = { ...LIBVIRT_TIMING, listMs: 3_600_000 };
    return openLibvirt({ uri: "test:///default", socket, log: recorder.log, timing }, events);
  }

  beforeAll(async () => {
    await libvirtd.start();
    hypervisor = open(libvirtd.socket.replace(/-ro$/, ""));
    await until(() => recorder.told.includes("ready"));
  }, 20_000);

  afterAll(async () => {
    await hypervisor.close();
    await libvirtd.stop();
    rmSync(directory, { recursive: true });
  });

  test("vcpus() returns state, time, CPU and map of each vCPU, as virsh does", async () => {
    const told = await hypervisor.orders.vcpus("test");
    expect(told).toMatchObject({
      ok: true,
      value: [
        { vcpu: 0, state: "running" },
        { vcpu: 1, state: "running" },
      ],
    });
    const said = await libvirtd.must("vcpuinfo", "test");
    const cpus = [...said.matchAll(/^CPU:\s+(\d+)$/gm)].map(([, cpu]) => Number(cpu));
    expect(told.ok && told.value.map(({ pcpu }) => pcpu)).toEqual(cpus);
    expect(told.ok && told.value[0]?.cpuTimeMs).toBeGreaterThan(0);
  });

  test("pinVcpu() pins, and the domain was read again when it is done", async () => {
    expect(await hypervisor.orders.pinVcpu("test", { vcpu: 0, pcpus: [1, 3] }, NOW)).toEqual({
      ok: true,
      value: undefined,
    });
    expect(recorder.domains.get("test")?.pins[0]).toEqual([1, 3]);
    expect(await libvirtd.must("vcpupin", "test", "0")).toMatch(/0\s+1,3/);
    expect(await hypervisor.orders.vcpus("test")).toMatchObject({ value: [{ pcpus: [1, 3] }, {}] });
  });

  test("setVcpus() unplugs a vCPU, which is then offline", async () => {
    expect(await hypervisor.orders.setVcpus("test", 1, LIVE)).toEqual({ ok: true, value: undefined });
    expect(recorder.domains.get("test")?.pins[1]).toEqual([]);
    expect(await hypervisor.orders.vcpus("test")).toMatchObject({
      value: [{ state: "running" }, { vcpu: 1, state: "offline", pcpu: undefined }],
    });
    expect(await hypervisor.orders.setVcpus("test", 2, LIVE)).toMatchObject({ ok: true });
  });

  test("a refusal has libvirt's words", async () => {
    expect(await hypervisor.orders.setVcpus("test", 99, BOTH)).toEqual({
      ok: false,
      why: { kind: "refused", reason: expect.stringMatching(/^libvirt refuses: .*99 > 32/) },
    });
    expect(await hypervisor.orders.pinVcpu("test", { vcpu: 7, pcpus: [0] }, NOW)).toMatchObject({
      ok: false,
      why: { reason: expect.stringMatching(/^libvirt refuses: /) },
    });
    expect(await hypervisor.orders.vcpus("nix")).toEqual({ ok: false, why: { kind: "noDomain" } });
    expect(await hypervisor.orders.pinVcpu("nix", { vcpu: 0, pcpus: [0] }, NOW)).toEqual({
      ok: false,
      why: { kind: "noDomain" },
    });
  });

  test("all vCPUs of a stopped domain are offline, and its definition can be changed", async () => {
    await libvirtd.must("destroy", "test");
    expect(await hypervisor.orders.vcpus("test")).toMatchObject({
      ok: true,
      value: [{ state: "offline", pcpu: undefined }, { state: "offline" }],
    });
    expect(await hypervisor.orders.setVcpus("test", 2, LIVE)).toMatchObject({
      why: { reason: "libvirt refuses: Requested operation is not valid: domain is not running" },
    });
    expect(await hypervisor.orders.setVcpus("test", 1, { live: false, config: true })).toMatchObject({
      ok: true,
    });
    await libvirtd.must("start", "test");
    await until(() => recorder.domains.get("test")?.pins[1]?.length === 0);
  });

  test("the read-only socket serves queries, and orders on it are refused with the remedy", async () => {
    const reading = open(libvirtd.socket, new Recorder());
    expect(await reading.orders.vcpus("test")).toMatchObject({ ok: true });
    expect(await reading.orders.pinVcpu("test", { vcpu: 0, pcpus: [0] }, NOW)).toEqual({
      ok: false,
      why: {
        kind: "refused",
        reason: `The libvirt socket "${libvirtd.socket}" is read-only`,
        remedy: `set Socket=${libvirtd.socket.replace(/-ro$/, "")} in [hypervisor] and restart vm-power`,
      },
    });
    await reading.close();
  });

  test("a stopped or frozen libvirtd is reported", async () => {
    const timing = { ...LIBVIRT_TIMING, callTimeoutMs: 300 };
    const socket = libvirtd.socket.replace(/-ro$/, "");
    const other = openLibvirt({ uri: "test:///default", socket, log: recorder.log, timing }, new Recorder());
    libvirtd.freeze();
    expect(await other.orders.vcpus("test")).toMatchObject({
      ok: false,
      why: { reason: expect.stringContaining("does not answer") },
    });
    libvirtd.thaw();
    await other.close();
    const gone = openLibvirt(
      { uri: "test:///default", socket: "/nowhere/libvirt-sock", log: recorder.log },
      new Recorder(),
    );
    expect(await gone.orders.vcpus("test")).toMatchObject({
      ok: false,
      why: { reason: expect.stringContaining("libvirtd is not running") },
    });
    await gone.close();
  });
});
