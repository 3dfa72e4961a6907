import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { serveOperators } from "../../src/daemon/operators.ts";
import { OPERATOR, recordingLog } from "../admin/harness.ts";
import { sampleControl } from "../admin/sample-control.ts";
import { until } from "./host.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-operators-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(["control.sock", "monitor.sock"])("a crowd at %s is let in four at a time", async (name) => {
  const loaded = loadConfig("/nowhere", { defaultPath: "/nowhere" });
  if ("problems" in loaded) throw new Error("Expected the defaults to be sound");
  const controlSocket = join(directory, "control.sock");
  const monitorSocket = join(directory, "monitor.sock");
  /** How many were let in, in each turn of the event loop in which anybody was. */
  const turns: number[] = [];
  let taken = 0;
  const served = await serveOperators(
    { ...loaded.config.daemon, controlSocket, monitorSocket },
    {
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
    },
  );
  const unix = join(directory, name);
  const clients = Array.from({ length: 40 }, () => Bun.connect({ unix, socket: { data() {} } }));
  await until(() => turns.reduce((sum, count) => sum + count, 0) === 40);
  expect(turns).toEqual(Array(10).fill(4));
  for (const client of clients) (await client).terminate();
  await served.close();
});
