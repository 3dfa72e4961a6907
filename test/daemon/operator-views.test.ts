import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, scale, TURBO } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host?.remove());

test("with intel_pstate's turbo operators see the real speed; only the shell shows the number of DPDK's protocol", async () => {
  host = makeTestHost({
    cpus: [{ cpus: [0, 1], driver: "intel_pstate", khz: [3_500_000, 800_000], baseKhz: 2_100_000 }],
    sections: "[vm web1]\nVcpus=0\n",
  });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, TURBO), 464);
  await port.ask(scale(0, MAX), 464);
  expect(host.tree.read(0, "scaling_max_freq")).toBe("3500000");
  expect(host.ask("show-cpu-freq", "0")).toMatchObject({
    cpus: [{ requestedKhz: 3_500_000, setting: "3500000", peerKhz: expect.any(Number) }],
  });
  const { cpus } = host.ask("show-cpu-freq", "0") as { cpus: { peerKhz: number; tableKhz: number[] }[] };
  // The protocol shows the base speed + 1 for turbo; no table for operators has that number.
  expect([(cpus[0]?.peerKhz ?? 0) % 10, cpus[0]?.tableKhz.some((khz) => khz % 10 !== 0)]).toEqual([1, false]);
  expect(host.run("vmpowerctl", "metrics").out).toContain('vmpower_cpu_requested_hertz{cpu="0"} 3500000000');
  expect(host.run("vmpowerctl", "why", "cpu0").out).toContain("3.500 GHz");
});

test("a driver with limits sets any speed of its range exactly; with other drivers the reply reports a rounded speed", async () => {
  host = makeTestHost({
    cpus: [
      { cpus: [0], driver: "intel_pstate", khz: [3_500_000, 800_000], baseKhz: 2_100_000 },
      { cpus: [1], driver: "acpi-cpufreq", khz: [2_301_000, 2_300_000, 1_200_000] },
    ],
  });
  await host.start();
  const set = (cpu: string) => host.run("vmpowerctl", "set-cpu-freq", cpu, "1.855GHz").out;
  expect([set("0"), set("1")]).toEqual([
    "CPU 0: 1.855 GHz\n",
    "CPU 1: 2.300 GHz, rounded up from 1.855 GHz\n",
  ]);
  expect(["scaling_min_freq", "scaling_max_freq"].map((file) => host.tree.read(0, file))).toEqual([
    "1855000",
    "1855000",
  ]);
  expect(host.run("vmpowerctl", "verify").code).toBe(0);
  await host.end("SIGTERM");
  await host.start();
  expect(host.ask("show-cpu-freq", "0")).toMatchObject({ cpus: [{ requestedKhz: 1_855_000 }] });
  await host.end("SIGTERM");
  expect(host.tree.read(0, "scaling_max_freq")).toBe("3500000");
});

test("a removed VM is named in no rule", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=4\n[vm web2]\nVcpus=5\n" });
  const [one, two] = [host.port("web1", 0), host.port("web2", 0)];
  await host.start();
  await Promise.all([one.ready(), two.ready()]);
  await two.ask(scale(0, MAX), 464);
  await one.ask(scale(0, MIN), 464);
  expect(host.run("vmpowerctl", "why", "cpu4").out).toContain("web2:0 claims");
  host.run("vmpowerctl", "rm-vm", "web2");
  expect(host.run("vmpowerctl", "why", "cpu4").out).not.toContain("web2:0 claims");
});

test("every act of an operator is one sentence with the operator, the same in the log and for subscribers", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  const follower = Bun.spawn(
    [join(host.executables, "vmpowerctl"), "--socket", host.socket, "events", "--json"],
    { stdout: "pipe", stderr: "ignore" },
  );
  const acts: readonly (readonly [string[], string])[] = [
    [["set-cpu-freq", "1", "max", "--hold"], "ordered max, held for CPU 1: now 2.301 GHz"],
    [["restore", "1"], "ordered restore for CPU 1: now its own settings"],
    [["rm-channels", "web1", "0"], "removed channels 0 of web1"],
    [["add-channels", "web1", "0"], "enabled channels 0 of web1"],
    [["set-channel-status", "web1", "0", "disabled"], "disabled channels 0 of web1"],
    [["set-query", "web1", "enable"], "allowed queries of web1"],
    [["rm-vm", "web1"], "removed web1"],
    [["add-vm", "web1"], "added web1"],
    [["add-vm", "web9"], "added web9"],
    [["forget-vm", "web9"], "forgot what operators had decided about web9"],
  ];
  let told = "";
  void (async () => {
    for await (const chunk of follower.stdout) told += Buffer.from(chunk).toString();
  })();
  await until(() => {
    host.run("vmpowerctl", "set-query", "web1", "disable");
    return told.includes("forbade queries of web1");
  });
  for (const [args, did] of acts) {
    expect([args, host.run("vmpowerctl", ...args).code]).toEqual([args, 0]);
    const sentence = new RegExp(`root \\(uid 0, pid \\d+\\) ${did}`);
    await until(() => sentence.test(host.log()) && sentence.test(told));
  }
  follower.kill();
  await follower.exited;
});

test("a hold is listed with who, since when, until when and why, counted, and the same after a restart", async () => {
  host = makeTestHost();
  await host.start();
  host.run("vmpowerctl", "set-cpu-freq", "4", "max", "--hold", "--for", "2h", "--reason", "maintenance");
  host.run("vmpowerctl", "set-cpu-freq", "1", "min", "--hold");
  host.run("vmpowerctl", "set-cpu-freq", "2", "min");
  await until(() => / ordered max, held \(maintenance\) for CPU 4: /.test(host.log()));
  const listed = () => (host.ask("holds") as { holds: Record<string, number>[] }).holds;
  const [first, second] = listed();
  expect([first, second, listed().length]).toEqual([
    {
      ...{ pcpus: [1], khz: 1_200_000, asked: "min", atMs: expect.any(Number) },
      who: expect.stringMatching(/^root \(uid 0, pid \d+\)$/),
    },
    {
      ...{
        pcpus: [4, 5],
        khz: 2_301_000,
        asked: "max",
        atMs: expect.any(Number),
        untilMs: expect.any(Number),
      },
      ...{ who: expect.stringMatching(/^root /), reason: "maintenance" },
    },
    2,
  ] as never);
  const before = listed();
  expect((before[1]?.["untilMs"] ?? 0) - (before[1]?.["atMs"] ?? 0)).toBeWithin(7_199_000, 7_201_001);
  expect(host.ask("status")).toMatchObject({ holds: 2 });
  expect(host.run("vmpowerctl", "metrics").out.split("\n")).toContain("vmpower_holds 2");
  await host.end("SIGTERM");
  await host.start();
  // What was asked is stored as the speed that came of it; the clocks' difference may be rounded otherwise.
  const plain = (hold: Record<string, unknown> | undefined) => ({ ...hold, asked: "", untilMs: 0 });
  expect(listed().map(plain)).toEqual(before.map(plain));
  host.run("vmpowerctl", "set-cpu-freq", "1,4", "release");
  expect([listed(), host.ask("status")["holds"]]).toEqual([[], undefined]);
});

test("an order can end after a time", async () => {
  host = makeTestHost();
  await host.start();
  host.run("vmpowerctl", "set-cpu-freq", "1", "min", "--hold", "--for", "1s");
  expect(host.tree.read(1, "scaling_setspeed")).toBe("1200000");
  await until(() => host.tree.read(1, "scaling_governor") === "schedutil");
  expect(host.ask("show-cpu-freq", "1")).toMatchObject({ cpus: [{ setting: "baseline", held: false }] });
});

test("an order that a guest has ended does not come back after a restart", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=1\n" });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  host.run("vmpowerctl", "set-cpu-freq", "1", "min");
  await port.ask(scale(0, MAX), 464);
  await until(() => !host.read("state/operator.json").includes('"khz"'));
  await host.end("SIGTERM");
  await host.start();
  expect(host.ask("show-cpu-freq", "1")).toMatchObject({ cpus: [{ setting: "baseline" }] });
});
