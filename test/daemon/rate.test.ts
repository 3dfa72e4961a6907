import { afterEach, expect, test } from "bun:test";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MAX, MIN, nack, packet, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

/** Requests at once, and their answers. */
async function askMany(
  port: ReturnType<TestHost["port"]>,
  requests: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const all = await port.ask(new Uint8Array(Buffer.concat(requests)), 464 * requests.length);
  return requests.map((_, i) => all.slice(i * 464, (i + 1) * 464));
}

test("beyond RequestsPerSecond and Burst each request is NACKed and changes nothing, and another channel is served (S11)", async () => {
  host = makeTestHost({
    sections: "[vm *]\nRequestsPerSecond=1\nBurst=2\n[vm web1]\nVcpus=2\nQuery=yes\n[vm web2]\nVcpus=3\n",
  });
  const [port, other] = [host.port("web1", 0), host.port("web2", 0)];
  await host.start();
  await Promise.all([port.ready(), other.ready()]);
  const requests = [scale(0, MIN), scale(0, MAX), scale(0, MIN), scale(0, DOWN)];
  const [min, max, third, fourth] = requests as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  expect(await askMany(port, requests)).toEqual([min, max, nack(third), nack(fourth)]);
  expect(host.read("cpu/cpu2/cpufreq/scaling_setspeed").trim()).toBe("2301000");
  // A query beyond it is met with silence: the guest would take a NACK for the start of a list.
  port.send(packet(464, 0, 0, 7));
  expect((await port.silence()).length).toBe(464 * 4);
  expect(host.log()).toContain(
    "web1 was refused min for vCPU 0: its channel may ask 1 times a second (more is allowed by RequestsPerSecond and Burst in [vm web1])",
  );
  expect(await other.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
  expect(host.run("vmpowerctl", "metrics").out.split("\n")).toContain("vmpower_requests_limited_total 3");
});

test("a channel that asks far too often for seconds is quarantined, shown with the reason, and released by an operator", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\nRequestsPerSecond=1\nBurst=1\n" });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  const many = Array.from({ length: 15 }, () => scale(0, MIN));
  // 75 a second, for five seconds at least.
  for (let round = 0; round < 75 && !host.log().includes("is quarantined"); round++) {
    await askMany(port, many);
    await Bun.sleep(200);
  }
  const beganMs = performance.now();
  await askMany(port, new Array(200).fill(scale(0, MIN)));
  // Read at a slow pace: 32 packets, a rest of 10 ms, and so on.
  expect(performance.now() - beganMs).toBeGreaterThan(25);
  const { channels } = host.ask("list", "--channels") as { channels: Record<string, unknown>[] };
  expect(channels[0]?.["quarantinedForMs"]).toBeWithin(1, 10_001);
  expect(channels[0]).toMatchObject({
    status: "connected",
    reason: expect.stringMatching(
      /^its channel is quarantined for \d+ s, because it asked \d+ times a second$/,
    ),
    remedy: "vmpowerctl release-channels web1 0",
  });
  expect(host.run("vmpowerctl", "list", "--channels").out).toMatch(
    /quarantined[\s\S]*! Channel web1:0 is not heard: /,
  );
  expect(host.run("vmpowerctl", "show-vm", "web1").out).toContain("release-channels web1 0");
  expect(host.ask("status")).toMatchObject({ channelsQuarantined: 1 });
  expect(host.run("vmpowerctl", "status").out).toContain("web1:0 is not heard");
  expect(host.run("vmpowerctl", "metrics").out.split("\n")).toContain("vmpower_channels_quarantined 1");
  expect(host.run("vmpowerctl", "release-channels", "web1")).toEqual({
    code: 0,
    out: "1 channel of VM web1 heard again: 0\n",
    err: "",
  });
  await until(() => / released channels 0 of web1\n/.test(host.log()));
  expect(host.run("vmpowerctl", "release-channels", "web1", "0").out).toBe(
    "No channel of VM web1 was quarantined\n",
  );
  expect(await port.ask(scale(0, MAX), 464)).toEqual(scale(0, MAX));
  expect(host.run("vmpowerctl", "release-channels", "web1", "7").code).not.toBe(0);
}, 30_000);
