import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const UID = process.getuid?.() ?? 0;
const GID = process.getgid?.() ?? 0;
const isRoot = UID === 0;
const FOUND = "<unsupported>";
const ON = "[channels]\nFifos=yes\n";
const APP = `${ON}[app mine]\nUser=${UID}\nCpus=2-3\n`;

const fifo = (cpu: number) => join(host.channels, `fifo${cpu}`);
const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const speeds = (...cpus: number[]) => cpus.map(speed);
const lines = (text: string) =>
  host
    .log()
    .split("\n")
    .filter((line) => line.includes(text));
const askers = () =>
  host.ask("apps")["askers"] as { name: string; granted: number; refused: number; wants: object[] }[];
const requests = () => askers().map(({ name, granted, refused }) => [name, granted, refused]);

function makeFifo(cpu: number, mode = "600"): void {
  expect(Bun.spawnSync(["mkfifo", "-m", mode, fifo(cpu)]).exitCode).toBe(0);
}

/** Starts a daemon on a host with FIFOs for CPUs 2 and 3. */
async function serve(sections: string): Promise<void> {
  host = makeTestHost({ sections });
  for (const cpu of [2, 3]) makeFifo(cpu);
  await host.start();
}

/** Writes into a FIFO, in pieces with a rest between them; fails where nobody reads. */
async function say(cpu: number, ...pieces: readonly string[]): Promise<void> {
  // Opened as a shell does, but a missing reader is an error.
  const fd = openSync(fifo(cpu), "r+");
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await Bun.sleep(30);
    writeSync(fd, piece);
  }
  closeSync(fd);
}

const power = (unit: string) => `{"instruction": {"command": "power", "unit": "${unit}"}}\n`;

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
  const { vcpus } = host.ask("top", "--once") as { vcpus: object[] };
  expect(vcpus).toMatchObject([
    { vm: "app/mine/fifo2", vcpu: 2 },
    { vm: "app/mine/fifo3", vcpu: 3 },
  ]);
  expect(host.run("vmpowerctl", "why", "cpu2").out).toContain("app/mine/fifo2");
  expect(host.run("vmpowerctl", "metrics").out).toContain(
    'vmpower_app_requests_total{app="mine",outcome="granted"} 4',
  );
  // Nothing is repeated later.
  await Bun.sleep(1500);
  expect(speed(3)).toBe("2000000");
  expect(host.ask("end-app", "app/mine/fifo3")).toBeDefined();
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

describe("owner and mode of a FIFO tell whose it is", () => {
  test("what everyone may write, what is no FIFO, and links are not read; the others are (S9)", async () => {
    host = makeTestHost({ sections: `${ON}[app mine]\nUser=${UID}\nCpus=0-5\n` });
    makeFifo(0, "602");
    writeFileSync(fifo(1), power("SCALE_MIN"));
    makeFifo(2);
    renameSync(fifo(2), join(host.channels, "real"));
    symlinkSync("real", fifo(2));
    makeFifo(3);
    await host.start();
    await until(() => lines('fifo3"').length === 1);
    expect(
      lines("channels/fifo")
        .map((line) => line.slice(line.indexOf("Z ") + 2).replaceAll(host.channels, ""))
        .sort(),
    ).toEqual([
      'info    Reads "/fifo3"',
      'warning "/fifo0" can be written by everyone, it is not read; chmod o-w fifo0',
      'warning "/fifo1" is not a FIFO, it is not read',
      'warning "/fifo2" is not a FIFO, it is not read',
    ]);
    const told = host.ask("apps")["fifos"] as {
      cpu: number;
      path: string;
      reason?: string;
      remedy?: string;
    }[];
    expect(told.sort((a, b) => a.cpu - b.cpu)).toEqual([
      { cpu: 0, path: fifo(0), reason: "can be written by everyone", remedy: "chmod o-w fifo0" },
      { cpu: 1, path: fifo(1), reason: "is not a FIFO" },
      { cpu: 2, path: fifo(2), reason: "is not a FIFO" },
      { cpu: 3, path: fifo(3) },
    ]);
    await say(3, power("SCALE_MIN"));
    await until(() => speed(3) === "1200000");
    expect(speeds(0, 1, 2)).toEqual([FOUND, FOUND, FOUND]);
  });

  test.skipIf(!isRoot)("user and group must be those of one application (skipped without root)", async () => {
    const team = "[app team]\nUser=4242\nGroup=4343\nCpus=0-5\n";
    host = makeTestHost({
      sections: `${ON}[app mine]\nUser=4244\nCpus=1\n[app set]\nUser=4245\nCpus=cpuset\n${team}`,
    });
    const made: readonly (readonly [cpu: number, uid: number, gid: number, mode: string])[] = [
      [0, 4242, GID, "600"], // the user's
      [1, 0, 4343, "620"], // root's, for the group
      [2, 4242, 4300, "620"], // for another group
      [3, 4244, GID, "600"], // for a CPU that its application does not have
      [4, 4245, GID, "600"], // of an application without a list of CPUs
      [5, 0, 0, "640"], // root's alone
    ];
    for (const [cpu, uid, gid, mode] of made) {
      makeFifo(cpu, mode);
      chownSync(fifo(cpu), uid, gid);
    }
    await host.start();
    await until(() => lines("Reads").length === 2);
    expect(lines("Reads").map((line) => line.at(-2))).toEqual(["0", "1"]);
    const refused = lines("which are not those of an application").map((line) =>
      line.slice(line.indexOf("fifo")),
    );
    expect(refused[0]).toBe(
      'fifo2" is written by user 4242 and group 4300, which are not those of an application whose Cpus= lists CPU 2, it is not read; see User= and Group= in [app NAME]',
    );
    expect(refused.map((line) => line.slice(0, 5))).toEqual(["fifo2", "fifo3", "fifo4", "fifo5"]);
  });

  test("it is judged again before each look, and opened for reading only", async () => {
    await serve(APP);
    await until(() => lines("Reads").length === 2);
    expect(openFlags("fifo2")).toEqual([0]);
    chmodSync(fifo(2), 0o602);
    await until(() => lines("can be written by everyone").length === 1);
    expect(openFlags("fifo2")).toEqual([]);
    // A reload looks at once; else it takes up to 7 s.
    chmodSync(fifo(2), 0o600);
    host.signal("SIGHUP");
    await until(() => lines("Reads").length === 3);
    // Another file at the same path is another FIFO.
    rmSync(fifo(2));
    makeFifo(2);
    host.signal("SIGHUP");
    await until(() => openFlags("fifo2").length === 1);
    await say(2, power("SCALE_MIN"));
    await until(() => speed(2) === "1200000");
    host.configure(APP.replace("2-3", "3"));
    host.signal("SIGHUP");
    await until(() => openFlags("fifo2").length === 0);
    expect(openFlags("fifo3")).toEqual([0]);
    host.configure(APP.replace("yes", "no"));
    host.signal("SIGHUP");
    await until(() => openFlags("fifo2").length + openFlags("fifo3").length === 0);
  });
});

/** The access modes with which the daemon has files of a name open: 0 is for reading only. */
function openFlags(name: string): number[] {
  const { pid } = host.ask("status") as { pid: number };
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      if (!readlinkSync(`/proc/${pid}/fd/${fd}`).endsWith(`/${name}`)) return [];
      const [, flags = "3"] =
        /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ?? [];
      return [Number.parseInt(flags, 8) & 3];
    } catch {
      return []; // closed meanwhile
    }
  });
}

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
  host = makeTestHost({ cpus, sections: `${ON}[app mine]\nUser=${UID}\nCpus=1\n` });
  makeFifo(1);
  await host.start();
  const range = () => [host.tree.read(1, "scaling_min_freq"), host.tree.read(1, "scaling_max_freq")];
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
  host = makeTestHost({ sections: `${APP}[vm web1]\nVcpus=1\n` });
  for (const cpu of [2, 3]) makeFifo(cpu);
  const port = host.port("web1", 0);
  await host.start();
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
  host.signal("SIGUSR2");
  await host.end("SIGTERM");
  writeSync(fd, power("SCALE_DOWN"));
  await host.start();
  await until(() => requests()[0]?.[1] === 1);
  await Bun.sleep(300);
  expect(requests()).toEqual([["app/mine/fifo2", 1, 0]]);
  closeSync(fd);
});
