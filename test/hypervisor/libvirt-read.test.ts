import { describe, expect, test } from "bun:test";
import { xmlOf } from "./fake-domains.ts";
import { until } from "./recorder.ts";
import { Stage } from "./stage.ts";

describe("openLibvirt() reads", () => {
  test("no domain, and is ready", async () => {
    await using stage = new Stage();
    expect(await stage.opened()).toEqual(["ready"]);
    expect(stage.hypervisor.status()).toEqual({
      driver: "libvirt",
      uri: "test:///default",
      state: "connected",
      problem: undefined,
      domains: 0,
    });
  });

  test("every domain with pins, state and channels", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const { uuid } = fake.add("web.1", [[2], [3, 70]], { id: 7 });
    fake.add("db", [[0, 1, 2, 3]], { state: 3, reason: 1 });
    fake.add("off", [[0]], { state: 5, id: -1 });
    expect(await stage.opened()).toEqual(["web.1 running: booted", "db paused: paused-by-operator", "ready"]);
    expect(recorder.domains.get("web.1")).toEqual({
      name: "web.1",
      uuid,
      run: `${uuid}:7`,
      state: "running",
      origin: "booted",
      pins: [[2], [3, 70]],
      channels: new Map([
        ["/tmp/powermonitor/web.1.0", 0],
        ["/tmp/powermonitor/web.1.1", 1],
      ]),
    });
    expect(recorder.domains.get("db")?.pins).toEqual([[0, 1, 2, 3]]);
  });

  test("no pins of a vCPU that is offline", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const domain = fake.add("a", [[1], [2], [3]]);
    domain.xml = xmlOf(domain)
      .replace("placement='static'", "current='1'")
      .replace(
        "<devices>",
        "<vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no'/><vcpu id='2' enabled='yes'/></vcpus><devices>",
      );
    await stage.opened();
    expect(recorder.domains.get("a")?.pins).toEqual([[1], [], [3]]);
  });

  test("unusual names", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const names = ["ünï.cödé", 'quote"and\\', "<a>&b", " ", "new\nline", "x".repeat(1024)];
    for (const name of names) {
      const domain = fake.add(name, [[1]]);
      domain.xml = `<domain id='${domain.id}'><name><![CDATA[${name}]]></name><vcpu>1</vcpu></domain>`;
    }
    fake.add("y".repeat(1025), [[1]]);
    await stage.opened();
    expect([...recorder.domains.keys()].sort()).toEqual(names.sort());
  });

  test("500 domains, four calls at a time, from small pieces, and only once", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.pieceBytes = 700;
    fake.delayMs = 1;
    for (let i = 0; i < 500; i++) fake.add(`vm${i}`, [[i % 64], [(i + 1) % 64]]);
    const told = await stage.opened({ callTimeoutMs: 5000 });
    expect([told.length, told.at(-1), stage.hypervisor.status().domains]).toEqual([501, "ready", 500]);
    expect(fake.inFlightSeen).toBe(4);
    expect(fake.calls.filter((call) => [212, 14, 230].includes(call)).length).toBe(1500);
  });
});

test("openLibvirt().close() sends CONNECT_CLOSE, and nothing is reported after it", async () => {
  await using stage = new Stage();
  const { fake, recorder } = stage;
  const a = fake.add("a", [[1]]);
  await stage.opened();
  fake.lifecycle(a, 2, 0);
  await stage.hypervisor.close();
  expect(fake.calls.at(-1)).toBe(2);
  fake.lifecycle(a, 5, 1);
  stage.hypervisor.refresh();
  await Bun.sleep(30);
  expect([recorder.news(), fake.connections]).toEqual([[], 1]);
});

test("openLibvirt().close() does not wait for a libvirtd that is silent", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  fake.misbehave.set(66, () => ({ kind: "silence" }));
  stage.open({ callTimeoutMs: 60_000 });
  await until(() => fake.calls.length > 0);
  const begin = performance.now();
  await stage.hypervisor.close();
  expect(performance.now() - begin).toBeLessThan(100);
});

test("openLibvirt() opens read-only, and does not request keepalive", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  const seen: string[] = [];
  fake.misbehave.set(1, (args) => void seen.push(args.toHex()));
  await stage.opened();
  // "test:///default", present, 15 bytes and padding; flags 1.
  expect(seen).toEqual(["000000010000000f746573743a2f2f2f64656661756c740000000001"]);
  expect(fake.calls).toEqual([66, 1, 316, 316, 316, 316, 316, 316, 360, 273]);
});
