import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { APP, appHost, UID } from "./app-host.ts";
import { MAX, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

const app = appHost();
const { askers, call, connect, request, serve, speed, speeds } = app;
const ME = `app/mine/${UID}`;
const FOUND = "<unsupported>";

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
  await app.host.remove();
  await serve("");
  expect(existsSync(join(app.host.directory, "run/request.sock"))).toBe(false);
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
  const mode = (name: string) => statSync(join(app.host.directory, "run", name)).mode & 0o777;
  expect([mode("request.sock"), mode("control.sock")]).toEqual([0o666, 0o660]);
  const client = await connect();
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
  app.make({ sections: `[app mine]\nUser=${UID}\nCpus=4\n[vm web1]\nVcpus=5\n` });
  const port = app.host.port("web1", 0);
  await app.host.start();
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
  const load = app.host.ask("top", "--once") as { vcpus: { vm: string; vcpu: number; askedKhz: number }[] };
  expect(load.vcpus).toMatchObject([
    { vm: ME, vcpu: 2, askedKhz: 1_200_000 },
    { vm: ME, vcpu: 3 },
  ]);
  expect(app.host.run("vmpowerctl", "why", "cpu2").out).toContain(ME);
  expect(app.host.run("vmpowerctl", "metrics").out).toContain('vmpower_app_wants{app="mine"} 2');
  expect(app.host.run("vmpowerctl", "metrics").out).toContain(
    'vmpower_app_requests_total{app="mine",outcome="refused"} 1',
  );
  await until(() => app.host.log().includes(`${ME} was refused max for CPU 5: CPU 5 is not one of its CPUs`));
  app.host.run("vmpowerctl", "set-cpu-freq", "2", "max", "--hold");
  request("min", "--cpus", "2");
  expect(speeds(2, 3)).toEqual(["2301000", "1200000"]);
  app.host.run("vmpowerctl", "set-cpu-freq", "2", "release");
  app.host.ask("end-app", ME);
  expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
  expect((app.host.ask("status") as { vms: number }).vms).toBe(0);
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

test("a reload takes CPUs away at once, and cannot make the first application", async () => {
  await serve(APP);
  await call("Ask", { cpus: [2, 3], to: "min" });
  app.host.configure(`[app mine]\nUser=${UID}\nCpus=3\n`);
  app.host.signal("SIGHUP");
  await until(() => speed(2) === FOUND && speed(3) === FOUND);
  expect(askers()).toEqual([]);
  await call("Ask", { cpus: [2, 3], to: "min" });
  expect(speeds(2, 3)).toEqual([FOUND, "1200000"]);
  app.host.configure(`[app mine]\nUser=${UID}\nCpus=3\nMinKhz=1.7GHz\n`);
  app.host.signal("SIGHUP");
  await until(() => speed(3) === "1700000");
  app.host.configure("");
  app.host.signal("SIGHUP");
  await until(() => app.host.log().includes("the first or last [app NAME]"));
  expect(speed(3)).toBe("1700000");
});

test("a stop restores its CPUs, and a restart ends what it asked for", async () => {
  await serve(APP);
  await call("Ask", { cpus: [2], to: "min" });
  app.host.signal("SIGUSR2");
  await app.host.end("SIGTERM");
  expect(speed(2)).toBe("1200000");
  await app.host.start();
  await until(() => speed(2) === FOUND);
  await call("Ask", { cpus: [3], to: "min" });
  await app.host.end("SIGTERM");
  expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
  expect(existsSync(join(app.host.directory, "run/request.sock"))).toBe(false);
});

test.skipIf(Bun.which("taskset") === null)(
  "Cpus=cpuset: those that the kernel lets the caller run on (skipped without taskset)",
  async () => {
    await serve(`[app mine]\nUser=${UID}\nCpus=cpuset\n`);
    const ctl = [join(app.host.executables, "vmpowerctl"), "--socket", app.host.socket, "--json", "request"];
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
