import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { rawClient } from "../admin/raw-client.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

/** The user of the tests, as the kernel tells it. */
const UID = process.getuid?.() ?? 0;
const ME = `app/mine/${UID}`;

const APP = `[app mine]\nUser=${UID}\nCpus=2-3\n`;
const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const speeds = (...cpus: number[]) => cpus.map(speed);
const FOUND = "<unsupported>";

async function serve(sections: string) {
  host = makeTestHost({ sections });
  await host.start();
}

interface Reply {
  readonly error?: string;
  readonly parameters: Record<string, unknown>;
}

/** Makes calls of io.vmpower.Request on one connection. */
async function calls(...given: readonly [method: string, parameters: object][]): Promise<Reply[]> {
  const client = await rawClient(join(host.directory, "run/request.sock"));
  for (const [method, parameters] of given)
    client.send(`${JSON.stringify({ method: `io.vmpower.Request.${method}`, parameters })}\0`);
  const replies = (await client.replies(given.length)) as Reply[];
  client.leave();
  return replies;
}

const call = async (method: string, parameters: object) => (await calls([method, parameters]))[0] as Reply;
const request = (...args: string[]) => host.run("vmpowerctl", "request", ...args);
const askers = () => host.ask("apps")["askers"] as { name: string; wants: object[]; refused: number }[];

test("an application sets its own CPUs, and no other: neither by a list nor by a single number", async () => {
  await serve(APP);
  expect(await call("Ask", { cpus: [2, 1, 3, 77], to: "min", leaseSec: 60 })).toEqual({
    parameters: {
      results: [
        { cpu: 2, accepted: true, khz: 1_200_000 },
        { cpu: 1, accepted: false, because: "CPU 1 is not one of its CPUs (see Cpus= in [app mine])" },
        { cpu: 3, accepted: true, khz: 1_200_000 },
        { cpu: 77, accepted: false, because: "CPU 77 is not one of its CPUs (see Cpus= in [app mine])" },
      ],
      leaseSec: 60,
    },
  });
  expect(speeds(0, 1, 2, 3, 4)).toEqual([FOUND, FOUND, "1200000", "1200000", FOUND]);
  expect((await call("AskByPolicy", { cpus: [2, 4], kind: "workload", workload: "high" })).error).toBe(
    "io.vmpower.Request.Refused",
  );
  expect(speed(4)).toBe(FOUND);
});

test("a caller that is no application is refused, and there is no socket without one", async () => {
  await serve(`[app other]\nUser=${UID + 4242}\nCpus=0-5\n`);
  for (const method of ["GetContract", "ListWants", "Release"])
    expect(await call(method, {})).toEqual({ error: "io.vmpower.Request.NoSuchApplication", parameters: {} });
  const asked = { cpus: [2], to: "min", app: "other" };
  expect(await call("Ask", asked)).toEqual({ error: "io.vmpower.Request.NoSuchApplication", parameters: {} });
  expect(speed(2)).toBe(FOUND);
  expect(request("max").code).toBe(4);
  await host.remove();
  await serve("");
  expect(existsSync(join(host.directory, "run/request.sock"))).toBe(false);
  expect(request("max")).toEqual({
    ...{ code: 1, out: "" },
    err: "No application may ask: write an [app NAME] into the configuration, see APPLICATIONS in vm-power.conf(5)\n",
  });
});

test("a group's members are the application, and the operator's socket stays closed to them", async () => {
  await serve(`[app team]\nGroup=${process.getgid?.() ?? 0}\nCpus=2\n`);
  expect(await call("GetContract", {})).toEqual({
    parameters: {
      app: "team",
      apps: ["team"],
      cpus: [2],
      operations: ["up", "down", "min", "max", "turbo", "no-turbo"],
      policies: ["time", "workload"],
      turbo: true,
      leaseSec: 3600,
    },
  });
  const mode = (name: string) => statSync(join(host.directory, "run", name)).mode & 0o777;
  expect([mode("request.sock"), mode("control.sock")]).toEqual([0o666, 0o660]);
  const client = await rawClient(join(host.directory, "run/request.sock"));
  client.send(`${JSON.stringify({ method: "io.vmpower.Control.Restore", parameters: {} })}\0`);
  expect(await client.replies(1)).toMatchObject([{ error: "org.varlink.service.InterfaceNotFound" }]);
  client.leave();
});

test("the bounds of its section hold, as those of a guest", async () => {
  await serve(`${APP}Turbo=no\nMaxKhz=2GHz\nOperations=min,max,up\nPolicies=none\n`);
  const results = async (to: string) =>
    ((await call("Ask", { cpus: [2], to })).parameters["results"] as object[])[0];
  expect(await results("max")).toEqual({
    cpu: 2,
    accepted: true,
    khz: 2_000_000,
    because: "bounded by MaxKhz of its contract",
  });
  expect(await results("turbo")).toMatchObject({ accepted: false });
  expect(await results("down")).toMatchObject({ accepted: false });
  expect(await call("AskByPolicy", { cpus: [2], kind: "workload", workload: "low" })).toMatchObject({
    parameters: { reason: "its contract forbids guest policies by workload (see Policies= in [app mine])" },
  });
  expect(speed(2)).toBe("2000000");
});

test("what it asks for ends with its lease, which has a longest", async () => {
  await serve(`${APP}LeaseSec=2\n`);
  expect((await call("Ask", { cpus: [2], to: "min", leaseSec: 9999 })).parameters["leaseSec"]).toBe(2);
  expect(
    (await call("AskByPolicy", { cpus: [3], kind: "workload", workload: "low", leaseSec: 1 })).parameters,
  ).toEqual({
    leaseSec: 1,
  });
  expect(speeds(2, 3)).toEqual(["1200000", "1200000"]);
  const wants = (askers()[0]?.wants ?? []) as { cpu: number; asked: string; endsInMs: number }[];
  expect(wants.map(({ cpu, asked }) => [cpu, asked])).toEqual([
    [2, "min"],
    [3, "policy workload"],
  ]);
  for (const [i, mostMs] of [2000, 1000].entries()) {
    expect(wants[i]?.endsInMs).toBeGreaterThan(0);
    expect(wants[i]?.endsInMs).toBeLessThanOrEqual(mostMs);
  }
  await until(() => speed(3) === FOUND);
  expect(speed(2)).toBe("1200000");
  await until(() => speed(2) === FOUND);
  expect(askers()).toMatchObject([{ name: ME, wants: [] }]);
});

test("it shares a clock with guests: the highest counts, and a silent guest is not slowed down", async () => {
  host = makeTestHost({ sections: `[app mine]\nUser=${UID}\nCpus=4\n[vm web1]\nVcpus=5\n` });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await call("Ask", { cpus: [4], to: "min" });
  expect(speed(4)).toBe(FOUND);
  await port.ask(scale(0, MIN), 464);
  expect(speed(4)).toBe("1200000");
  await call("Ask", { cpus: [4], to: "max" });
  expect(speed(4)).toBe("2301000");
  await call("Release", {});
  expect(speed(4)).toBe("1200000");
  await port.ask(scale(0, MAX), 464);
  expect(speed(4)).toBe("2301000");
});

test("it is in apps, top, why, metrics and the log; an operator's hold counts before it, and end-app ends it", async () => {
  await serve(APP);
  expect(request("min", "--cpus", "2-3", "--for", "10m")).toEqual({
    code: 0,
    out: "CPUs 2-3: 1.200 GHz\n",
    err: "",
  });
  expect(request("max", "--cpus", "5")).toMatchObject({ code: 1, out: "" });
  expect(askers()).toMatchObject([{ name: ME, wants: [{ cpu: 2, asked: "min" }, { cpu: 3 }], refused: 1 }]);
  const load = host.ask("top", "--once") as { vcpus: { vm: string; vcpu: number; askedKhz: number }[] };
  expect(load.vcpus).toMatchObject([
    { vm: ME, vcpu: 2, askedKhz: 1_200_000 },
    { vm: ME, vcpu: 3 },
  ]);
  expect(host.run("vmpowerctl", "why", "cpu2").out).toContain(ME);
  expect(host.run("vmpowerctl", "metrics").out).toContain('vmpower_app_wants{app="mine"} 2');
  expect(host.run("vmpowerctl", "metrics").out).toContain(
    'vmpower_app_requests_total{app="mine",outcome="refused"} 1',
  );
  await until(() => host.log().includes(`${ME} was refused max for CPU 5: CPU 5 is not one of its CPUs`));
  host.run("vmpowerctl", "set-cpu-freq", "2", "max", "--hold");
  request("min", "--cpus", "2");
  expect(speeds(2, 3)).toEqual(["2301000", "1200000"]);
  host.run("vmpowerctl", "set-cpu-freq", "2", "release");
  host.ask("end-app", ME);
  expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
  expect((host.ask("status") as { vms: number }).vms).toBe(0);
});

test("a policy is in force, and replaced by the next one", async () => {
  await serve(APP);
  await call("AskByPolicy", { cpus: [2, 3], kind: "workload", workload: "low" });
  expect(speeds(2, 3)).toEqual(["1200000", "1200000"]);
  const all = Array.from({ length: 24 }, (_, hour) => hour);
  await call("AskByPolicy", { cpus: [3], kind: "time", busyHours: all });
  expect(speeds(2, 3)).toEqual([FOUND, "2301000"]);
  expect((await call("ListWants", {})).parameters["wants"]).toMatchObject([{ cpu: 3, asked: "policy time" }]);
  expect(request("release")).toEqual({ code: 0, out: "", err: "" });
  expect(speed(3)).toBe(FOUND);
});

test("a caller that floods is refused, then not heard, and nobody else waits", async () => {
  host = makeTestHost({ sections: `${APP}RequestsPerSecond=5\nBurst=10\n[vm web1]\nVcpus=1\n` });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  const flood = Array.from({ length: 200 }, (): [string, object] => ["Ask", { cpus: [2], to: "min" }]);
  const [replies] = await Promise.all([calls(...flood), port.ask(scale(0, MIN), 464)]);
  const granted = replies.filter(
    ({ parameters }) => (parameters["results"] as { accepted: boolean }[])[0]?.accepted === true,
  ).length;
  expect(granted).toBeGreaterThanOrEqual(10);
  expect(granted).toBeLessThan(30);
  const lines = host
    .log()
    .split("\n")
    .filter((line) => line.includes("was refused"));
  expect(lines.length).toBeLessThan(15);
  expect(speed(1)).toBe("1200000");
});

test("hostile calls are refused, and cost and change nothing", async () => {
  await serve(APP);
  const many = Array.from({ length: 65 }, (_, cpu) => cpu);
  const hostile: [string, object][] = [
    ["Ask", { cpus: many, to: "min" }],
    ["Ask", { cpus: [-1], to: "min" }],
    ["Ask", { cpus: [2 ** 40], to: "min" }],
    ["Ask", { cpus: [2], to: "fastest" }],
    ["Ask", { cpus: [2], to: "min", leaseSec: 0 }],
    ["Ask", { cpus: [2], to: "min", app: "x".repeat(300) }],
    ["Ask", { cpus: "2", to: "min" }],
    ["AskByPolicy", { cpus: [], kind: "workload", workload: "low" }],
    ["AskByPolicy", { cpus: [2], kind: "workload" }],
    ["AskByPolicy", { cpus: [2], kind: "time" }],
    ["AskByPolicy", { cpus: [2], kind: "time", busyHours: [24] }],
    ["AskByPolicy", { cpus: [2], kind: "traffic" }],
  ];
  const replies = await calls(...hostile);
  expect(replies.map(({ error }) => error)).toEqual(
    hostile.map(() => "org.varlink.service.InvalidParameter"),
  );
  expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
  expect(await call("Ask", { cpus: [], to: "min" })).toEqual({ parameters: { results: [], leaseSec: 3600 } });
});

test("many connections of applications leave operators theirs", async () => {
  await serve(APP);
  const path = join(host.directory, "run/request.sock");
  const clients = await Promise.all(Array.from({ length: 80 }, () => rawClient(path)));
  expect(host.run("vmpowerctl", "status").code).toBe(0);
  for (const client of clients) client.leave();
});

test("a reload takes CPUs away at once, and cannot make the first application", async () => {
  await serve(APP);
  await call("Ask", { cpus: [2, 3], to: "min" });
  host.configure(`[app mine]\nUser=${UID}\nCpus=3\n`);
  host.signal("SIGHUP");
  await until(() => speed(2) === FOUND && speed(3) === FOUND);
  expect(askers()).toEqual([]);
  await call("Ask", { cpus: [2, 3], to: "min" });
  expect(speeds(2, 3)).toEqual([FOUND, "1200000"]);
  host.configure(`[app mine]\nUser=${UID}\nCpus=3\nMinKhz=1.7GHz\n`);
  host.signal("SIGHUP");
  await until(() => speed(3) === "1700000");
  host.configure("");
  host.signal("SIGHUP");
  await until(() => host.log().includes("the first or last [app NAME]"));
  expect(speed(3)).toBe("1700000");
});

test("a stop restores its CPUs, and a restart ends what it asked for", async () => {
  await serve(APP);
  await call("Ask", { cpus: [2], to: "min" });
  host.signal("SIGUSR2");
  await host.end("SIGTERM");
  expect(speed(2)).toBe("1200000");
  await host.start();
  await until(() => speed(2) === FOUND);
  await call("Ask", { cpus: [3], to: "min" });
  await host.end("SIGTERM");
  expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
  expect(existsSync(join(host.directory, "run/request.sock"))).toBe(false);
});

test.skipIf(Bun.which("taskset") === null)(
  "Cpus=cpuset: those that the kernel lets the caller run on (skipped without taskset)",
  async () => {
    await serve(`[app mine]\nUser=${UID}\nCpus=cpuset\n`);
    const ctl = [join(host.executables, "vmpowerctl"), "--socket", host.socket, "--json", "request"];
    const run = (...args: string[]) => {
      const { exitCode, stdout } = Bun.spawnSync(["taskset", "-c", "0", ...ctl, ...args]);
      return { exitCode, reply: JSON.parse(stdout.toString()) };
    };
    expect(run("min", "--cpus", "1")).toMatchObject({
      exitCode: 1,
      reply: { results: [{ accepted: false }] },
    });
    expect(run("min")).toMatchObject({ exitCode: 0, reply: { results: [{ cpu: 0, accepted: true }] } });
    expect(speeds(0, 1)).toEqual(["1200000", FOUND]);
  },
);

/** Sends bytes in pieces, and returns the replies; undefined if the connection was closed instead. */
async function pieces(replies: number, ...parts: readonly string[]): Promise<Reply[] | undefined> {
  const client = await rawClient(join(host.directory, "run/request.sock"));
  for (const part of parts) {
    client.send(part);
    await Bun.sleep(20);
  }
  const got = await client.replies(replies).catch(() => undefined);
  client.leave();
  return got as Reply[] | undefined;
}

const text = (parameters: string, method = "Ask") =>
  `{"method":"io.vmpower.Request.${method}","parameters":${parameters}}`;

describe("JSON that ends DPDK's host, or that it executes twice", () => {
  test("long names, trailing commas and 30-digit numbers are refused, and the daemon goes on: NE1, NE4 (S10)", async () => {
    await serve(APP);
    const invalid = [{ error: "org.varlink.service.InvalidParameter" }];
    const long = "n".repeat(50);
    expect(await pieces(1, `${text(`{"cpus":[2],"to":"${long}"}`)}\0`)).toMatchObject(invalid);
    expect(await pieces(1, `${text(`{"cpus":[2],"to":1}`)}\0`)).toMatchObject(invalid);
    expect(await pieces(1, `${text(`{"cpus":[${"9".repeat(30)}],"to":"min"}`)}\0`)).toMatchObject(invalid);
    const lease = `{"cpus":[2],"to":"min","leaseSec":${"1".repeat(30)}}`;
    expect(await pieces(1, `${text(lease)}\0`)).toMatchObject(invalid);
    const hours = `{"cpus":[2],"kind":"time","busyHours":[${Array(90).fill(25)}]}`;
    expect(await pieces(1, `${text(hours, "AskByPolicy")}\0`)).toMatchObject(invalid);
    expect(await pieces(1, `${text('{"cpus":[2],"to":"min",}')}\0`)).toBeUndefined();
    expect(await pieces(1, "{}\0")).toMatchObject(invalid); // the empty object
    expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
    expect(await pieces(1, `${text('{"cpus":[2],"to":"min"}')}\0`)).toMatchObject([
      { parameters: { leaseSec: 3600 } },
    ]);
  });

  test("words that nearly are one are refused: NE2", async () => {
    await serve(APP);
    const invalid = [{ error: "org.varlink.service.InvalidParameter" }];
    for (const parameters of [
      '{"cpus":[2],"kind":"workload","workload":"MEDIUM_111"}',
      '{"cpus":[2],"kind":"WORKLOAD_111","workload":"medium"}',
    ])
      expect(await pieces(1, `${text(parameters, "AskByPolicy")}\0`)).toMatchObject(invalid);
    expect(speed(2)).toBe(FOUND);
  });

  test("a call in several pieces is carried out once, and a torn one never (R13)", async () => {
    await serve(APP);
    const down = `${text('{"cpus":[2],"to":"down"}')}\0`;
    expect(await pieces(1, down.slice(0, 20), down.slice(20, 60), down.slice(60))).toHaveLength(1);
    expect(speed(2)).toBe("2300000"); // one step
    // The tail of the call before does not complete a torn one.
    expect(await pieces(1, down, down.slice(0, 40))).toHaveLength(1);
    expect(speed(2)).toBe("2000000");
    expect(askers()).toMatchObject([{ granted: 2, refused: 0 }]);
  });
});
