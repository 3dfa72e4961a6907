import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, type Port, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
let port: Port;
const commands: Bun.Subprocess[] = [];

beforeEach(async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
  port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MIN), 464);
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.kill("SIGKILL");
    await command.exited;
  }
  await host.remove();
});

const speed = () => host.tree.read(2, "scaling_setspeed");
const holds = () => host.ask("holds")["holds"] as { pcpus: number[]; asked: string; reason: string }[];

/** Starts `vmpowerctl run` with the rest of its arguments. */
function run(...args: readonly string[]) {
  const command = Bun.spawn(
    [join(host.executables, "vmpowerctl"), "--socket", host.socket, "run", "--cpus", "2", ...args],
    { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
  );
  commands.push(command);
  return command;
}

test("the CPUs are held while the command runs, and its exit status is returned", async () => {
  const command = run("--reason", "nightly backup", "--", "sh", "-c", "read line; exit 7");
  await until(() => speed() === "2301000");
  expect(holds()).toMatchObject([{ pcpus: [2], asked: "max", reason: "nightly backup" }]);
  await port.ask(scale(0, MIN), 464); // what the guest asks for counts after the end
  expect(speed()).toBe("2301000");
  command.stdin.end();
  expect(await command.exited).toBe(7);
  await until(() => speed() === "1200000");
  expect(holds()).toEqual([]);
});

test("a signal is passed on to the command, and one that ends it is its exit status", async () => {
  const told = run("--", "sh", "-c", 'trap "exit 5" TERM; echo ready; while :; do sleep 0.02; done');
  await told.stdout.getReader().read();
  told.kill("SIGTERM");
  expect(await told.exited).toBe(5);
  expect(await run("--", "sh", "-c", "kill -9 $$").exited).toBe(137);
  expect(await run("--", "/no/such/command").exited).toBe(127);
  await until(() => holds().length === 0);
});

test("the hold ends with vmpowerctl, however it ends", async () => {
  const command = run("--", "sleep", "0.5");
  await until(() => speed() === "2301000");
  command.kill("SIGKILL");
  await until(() => speed() === "1200000");
  expect(holds()).toEqual([]);
});

test("the hold is not remembered over a start, and asked for again after a restart of the daemon", async () => {
  const command = run("--", "sleep", "30");
  let said = "";
  const heard = command.stderr.pipeTo(
    new WritableStream({
      write(chunk) {
        said += Buffer.from(chunk).toString();
      },
    }),
  );
  await until(() => speed() === "2301000");
  expect(host.read("state/operator.json")).not.toContain("2301000");
  await host.end("SIGTERM");
  expect(speed()).toBe("<unsupported>");
  await host.start();
  await until(() => said.includes("held again"));
  expect(speed()).toBe("2301000");
  command.kill("SIGTERM");
  expect(await command.exited).toBe(143);
  await heard;
  expect(said).toBe(
    "CPUs 2: not held any more, because vm-power ended the connection; trying again\nCPUs 2: held again\n",
  );
});

test("two commands on one CPU: the last one counts, and what was held before is held again", async () => {
  host.run("vmpowerctl", "set-cpu-freq", "2", "1400000", "--hold", "--reason", "quiet");
  const first = run("--want", "2GHz", "--", "cat");
  await until(() => speed() === "2000000");
  const second = run("--", "cat");
  await until(() => speed() === "2301000");
  first.stdin.end();
  await first.exited;
  expect(speed()).toBe("2301000");
  second.stdin.end();
  await second.exited;
  await until(() => speed() === "1400000");
  expect(holds()).toMatchObject([{ pcpus: [2], reason: "quiet" }]);
});

test("an operator who orders something else in between has the last word", async () => {
  const command = run("--", "cat");
  await until(() => speed() === "2301000");
  host.run("vmpowerctl", "set-cpu-freq", "2", "1700000", "--hold");
  command.stdin.end();
  await command.exited;
  await until(() => host.log().includes("no longer holds CPU 2"));
  expect(speed()).toBe("1700000");
});

test("what cannot be held is refused, and the command is not run", async () => {
  const refused = run("--want", "9GHz", "--", "echo", "ran");
  expect([await refused.exited, await new Response(refused.stdout).text()]).toEqual([1, ""]);
  expect(await new Response(refused.stderr).text()).toContain("CPU 2: ");
  const missing = host.run("vmpowerctl", "run", "--cpus", "2,77", "--", "echo", "ran");
  expect(missing).toMatchObject({ code: 10, out: "" });
  expect(host.run("vmpowerctl", "run", "--", "echo", "ran")).toMatchObject({ code: 2, out: "" });
  expect(holds()).toEqual([]);
  expect(speed()).toBe("1200000");
  await port.ask(scale(0, MAX), 464);
  expect(speed()).toBe("2301000");
});

test("commands that hold CPUs leave connections for operators", async () => {
  for (let i = 0; i < 16; i++) run("--", "sleep", "30");
  await until(() => host.log().split(" holds CPU 2").length - 1 === 16, 20_000);
  const refused = host.run("vmpowerctl", "run", "--cpus", "3", "--", "echo", "ran");
  expect(refused).toEqual({
    code: 1,
    out: "",
    err: "16 commands hold CPUs already: wait for the end of one\n",
  });
  expect(host.run("vmpowerctl", "status").code).toBe(0);
}, 30_000);
