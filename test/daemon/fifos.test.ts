import { describe, expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { UID } from "./app-host.ts";
import { APP, fifoHost, ON, power } from "./fifo-host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

const fifos = fifoHost();
const { fifo, lines, makeFifo, requests, say, serve, speed, speeds } = fifos;
const FOUND = "<unsupported>";

test("an application sets the CPU of a FIFO, each object once, and is in apps, top, why and metrics", async () => {
  await serve(APP);
  await say(2, power("SCALE_MIN"));
  await until(() => speed(2) === "1200000");
  await say(
    3,
    `${power("SCALE_MAX")}${power("SCALE_DOWN")}`,
    power("SCALE_DOWN").slice(0, 20),
    power("SCALE_DOWN").slice(20),
  );
  // From 2301 MHz: two steps.
  await until(() => speed(3) === "2000000");
  expect(speeds(0, 1, 4)).toEqual([FOUND, FOUND, FOUND]);
  expect(requests()).toEqual([
    ["app/mine/fifo2", 1, 0],
    ["app/mine/fifo3", 3, 0],
  ]);
  const { vcpus } = fifos.host.ask("top", "--once") as { vcpus: object[] };
  expect(vcpus).toMatchObject([
    { vm: "app/mine/fifo2", vcpu: 2 },
    { vm: "app/mine/fifo3", vcpu: 3 },
  ]);
  expect(fifos.host.run("vmpowerctl", "why", "cpu2").out).toContain("app/mine/fifo2");
  expect(fifos.host.run("vmpowerctl", "metrics").out).toContain(
    'vmpower_app_requests_total{app="mine",outcome="granted"} 4',
  );
  // Nothing is repeated later.
  await Bun.sleep(1500);
  expect(speed(3)).toBe("2000000");
  expect(fifos.host.ask("end-app", "app/mine/fifo3")).toBeDefined();
  expect(speeds(2, 3)).toEqual(["1200000", FOUND]);
});

test("a policy is in force until it is destroyed, and the contract of the section holds", async () => {
  await serve(`${APP}MaxKhz=2GHz\nTurbo=no\nOperations=min,max\nLeaseSec=2\n`);
  await say(2, '{"policy": {"command": "create", "policy_type": "WORKLOAD", "workload": "HIGH"}}');
  await until(() => speed(2) === "2000000");
  await say(2, '{"policy": {"command": "DESTROY"}}');
  await until(() => speed(2) === FOUND);
  const all = Array.from({ length: 24 }, (_, hour) => hour);
  await say(3, `{"policy": {"policy_type": "TIME", "quiet_hours": [${all}]}}`);
  await until(() => speed(3) === "1200000");
  await say(2, `${power("ENABLE_TURBO")}${power("SCALE_UP")}`);
  await say(2, '{"policy": {"policy_type": "TRAFFIC", "mac_list": ["52:54:00:12:34:56"]}}');
  await until(() => lines("app/mine/fifo2 was refused").length === 3);
  expect(lines("app/mine/fifo2 was refused").map((line) => line.slice(line.indexOf("refused")))).toEqual([
    'refused turbo for CPU 2: its contract does not allow "turbo" (see Operations= in [app mine])',
    'refused up for CPU 2: its contract does not allow "up" (see Operations= in [app mine])',
    "refused a guest policy: its contract forbids guest policies by traffic (see Policies= in [app mine])",
  ]);
  // Its lease ends.
  await until(() => speed(3) === FOUND);
});

describe("objects that end DPDK's host, or that it executes twice", () => {
  test("are refused with their place, and change nothing (S5, S10)", async () => {
    await serve(`${APP}RequestsPerSecond=1000\nBurst=1000\n`);
    const fatal = [
      '{"command": 1}',
      '{"policy_type": "TRAFFIC", "mac_list": [5]}',
      `{"busy_hours": [${Array(90).fill(1)}]}`,
      `{"mac_list": [${Array(60).fill('"52:54:00:12:34:56"')}]}`,
      `{"mac_list": ["${Array(16).fill("5").join(":")}"]}`,
      `{"avg_packet_thresh": ${"9".repeat(30)}}`,
      '{"policy": {"command": "destroy",}}',
      `{"name": "${"n".repeat(50)}", "unit": 7}`,
    ];
    for (const object of fatal) await say(2, `${object}\n`);
    await say(2, "{}".repeat(200));
    await until(() => requests()[0]?.[2] === fatal.length + 200);
    await until(() => lines('line 1, character 13: "command" is not one of').length === 1);
    expect(lines("sent something that is not carried out").length).toBeLessThanOrEqual(5);
    expect(speed(2)).toBe(FOUND);
    await say(2, power("SCALE_MIN"));
    await until(() => speed(2) === "1200000");
  });

  test("torn ones are not completed by what another writer says (R13)", async () => {
    await serve(APP);
    await say(2, '{"instruction": {"command": "power", "unit": "SCALE_M');
    await until(() => lines("unexpected end of string").length === 1);
    await say(2, 'AX"}}');
    await until(() => lines("bytes that belong to no object").length === 1);
    await say(2, power("SCALE_MIN"));
    await until(() => speed(2) === "1200000");
    expect(requests()).toEqual([["app/mine/fifo2", 1, 2]]);
  });
});

test("intel_pstate goes through the sequence of the plan, as it is written there into a FIFO: PS1", async () => {
  const cpus = [
    { cpus: [0, 1], driver: "intel_pstate", khz: [3_500_000, 800_000], baseKhz: 2_300_000 },
  ] as const;
  fifos.make({ cpus, sections: `${ON}[app mine]\nUser=${UID}\nCpus=1\n` });
  makeFifo(1);
  await fifos.host.start();
  const range = () => [
    fifos.host.tree.read(1, "scaling_min_freq"),
    fifos.host.tree.read(1, "scaling_max_freq"),
  ];
  const [MAX_KHZ, BASE_KHZ] = ["3500000", "2300000"];
  await say(1, power("ENABLE_TURBO"));
  for (const [unit, khz] of [
    ["SCALE_MIN", "800000"],
    ["SCALE_MAX", MAX_KHZ],
    ["DISABLE_TURBO", BASE_KHZ],
    ["ENABLE_TURBO", BASE_KHZ],
    ["SCALE_UP", MAX_KHZ],
    ["SCALE_DOWN", BASE_KHZ],
  ] as const) {
    const before = requests()[0]?.[1];
    await say(1, power(unit));
    await until(() => requests()[0]?.[1] !== before);
    expect([unit, ...range()]).toEqual([unit, khz, khz]);
  }
});

test("writers that flood delay no guest, and fill neither log nor memory", async () => {
  fifos.make({ sections: `${APP}[vm web1]\nVcpus=1\n` });
  for (const cpu of [2, 3]) makeFifo(cpu);
  const port = fifos.host.port("web1", 0);
  await fifos.host.start();
  await port.ready();
  const flood = ['{}{"command":"power","unit":"SCALE_UP"}', "]{}"].map((text, i) =>
    Bun.spawn(["nice", "-n", "19", "sh", "-c", `while :; do echo '${text}'; done >${fifo(2 + i)}`]),
  );
  const waits: number[] = [];
  for (let i = 0; i < 100; i++) {
    const beganMs = performance.now();
    await port.ask(scale(0, MIN), 464);
    waits.push(performance.now() - beganMs);
    await Bun.sleep(20);
  }
  for (const each of flood) each.kill("SIGKILL");
  // All that fits into one FIFO, handled in one turn, would take longer.
  expect(waits.toSorted((a, b) => a - b)[50]).toBeLessThan(25);
  expect(lines("app/mine/fifo2").length).toBeLessThanOrEqual(5);
  // What belongs to no object is left out up to a pause, and one line told of it.
  expect(requests().map(([name, , refused]) => [name, Number(refused) > 100])).toEqual([
    ["app/mine/fifo2", true],
    ["app/mine/fifo3", false],
  ]);
});

test("what waits in a FIFO during a restart is carried out once", async () => {
  await serve(APP);
  await say(2, power("SCALE_MAX"));
  await until(() => speed(2) === "2301000");
  // As long as somebody has it open, the kernel keeps what is in it.
  const fd = openSync(fifo(2), "r+");
  fifos.host.signal("SIGUSR2");
  await fifos.host.end("SIGTERM");
  writeSync(fd, power("SCALE_DOWN"));
  await fifos.host.start();
  await until(() => requests()[0]?.[1] === 1);
  await Bun.sleep(300);
  expect(requests()).toEqual([["app/mine/fifo2", 1, 0]]);
  closeSync(fd);
});
