import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { serveOperators } from "../../src/daemon/operators/sockets.ts";
import { OPERATOR, recordingLog } from "../admin/harness.ts";
import { rawClient } from "../admin/raw-client.ts";
import { STATUS, sampleControl } from "../admin/sample-control.ts";
import { until } from "./until.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-operators-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The default configuration, with its sockets in a directory. */
function socketsIn(place: string): Config["daemon"] {
  const loaded = loadConfig("/nowhere", { defaultPath: "/nowhere" });
  if ("problems" in loaded) throw new Error("Expected the defaults to be sound");
  const controlSocket = join(place, "control.sock");
  return { ...loaded.config.daemon, controlSocket, monitorSocket: join(place, "monitor.sock") };
}

test("a client that connects before the daemon is ready waits, also while the socket of a killed daemon is probed (R15)", async () => {
  const { controlSocket, monitorSocket } = socketsIn(directory);
  const killed = Bun.spawn(
    [
      process.execPath,
      "-e",
      `Bun.listen({ unix: "${monitorSocket}", socket: { data() {} } }); console.log("bound")`,
    ],
    { stdout: "pipe" },
  );
  await killed.stdout.getReader().read();
  killed.kill("SIGKILL");
  await killed.exited;
  let began = false;
  const called: boolean[] = [];
  const control = sampleControl({
    GetStatus() {
      called.push(began);
      return STATUS;
    },
  });
  const serving = serveOperators(socketsIn(directory), {
    control,
    log: recordingLog(),
    version: "1",
    peerOf: () => OPERATOR,
  });
  await until(() => existsSync(controlSocket));
  const early = await rawClient(controlSocket);
  early.send('{"method":"io.vmpower.Control.GetStatus"}\0');
  const served = await serving;
  const looker = await rawClient(monitorSocket);
  looker.send('{"method":"io.vmpower.Monitor.GetStatus"}\0');
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  began = true;
  served.begin();
  expect(await Promise.all([early, looker].map((client) => client.replies(1)))).toHaveLength(2);
  expect(called).toEqual([true, true]);
  early.leave();
  looker.leave();
  await served.close();
});

test("a socket that is closed before it is served does not serve waiting clients", async () => {
  const { controlSocket } = socketsIn(directory);
  const options = { control: sampleControl(), log: recordingLog(), version: "1", peerOf: () => OPERATOR };
  const served = await serveOperators(socketsIn(directory), options);
  const early = await rawClient(controlSocket);
  await served.close();
  expect(await early.closed()).toBe("");
  expect(existsSync(controlSocket)).toBe(false);
});

test.each(["control.sock", "monitor.sock"])(
  "many clients at %s are accepted four at a time",
  async (name) => {
    const config = socketsIn(directory);
    /** The number of accepted clients in each turn of the event loop that had any. */
    const turns: number[] = [];
    let taken = 0;
    const served = await serveOperators(config, {
      control: sampleControl(),
      log: recordingLog(),
      version: "1",
      peerOf() {
        if (taken++ === 0)
          setImmediate(() => {
            turns.push(taken);
            taken = 0;
          });
        return OPERATOR;
      },
    });
    served.begin();
    const unix = join(directory, name);
    const clients = Array.from({ length: 40 }, () => Bun.connect({ unix, socket: { data() {} } }));
    await until(() => turns.reduce((sum, count) => sum + count, 0) === 40);
    expect(turns).toEqual(Array(10).fill(4));
    for (const client of clients) (await client).terminate();
    await served.close();
  },
);

test("clients of the monitor socket together have one call in a turn, and each user has a few clients", async () => {
  const turns: number[] = [];
  const control = sampleControl({
    GetStatus() {
      turns.push(turn);
      return STATUS;
    },
  });
  let turn = 0;
  let isCounting = true;
  const countTurns = () => {
    turn++;
    if (isCounting) setImmediate(countTurns);
  };
  const { monitorSocket } = socketsIn(directory);
  const served = await serveOperators(socketsIn(directory), {
    control,
    log: recordingLog(),
    version: "1",
    peerOf: () => OPERATOR,
  });
  served.begin();
  const clients = await Promise.all(Array.from({ length: 9 }, () => rawClient(monitorSocket)));
  countTurns();
  const call = '{"method":"io.vmpower.Monitor.GetStatus"}\0';
  for (const client of clients) client.send(call.repeat(5));
  const answers = await Promise.all(clients.map((client, i) => client.replies(i < 8 ? 5 : 1)));
  isCounting = false;
  expect(answers.flat().filter((answer) => Object.hasOwn(answer as object, "error")).length).toBe(1);
  expect(turns.length).toBe(40);
  // A turn that ended before a call may be counted after it.
  const together = Object.values(Object.groupBy(turns, (each) => each)).map((each) => each?.length ?? 0);
  expect(Math.max(...together)).toBeLessThanOrEqual(2);
  for (const client of clients) client.leave();
  await served.close();
});
