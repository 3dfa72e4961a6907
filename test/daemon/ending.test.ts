import { expect, test } from "bun:test";
import { endDaemon } from "../../src/daemon/lifecycle/ending.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { recordingLog } from "../admin/harness.ts";

test("endDaemon() takes every step, and reports one that fails at once or later", async () => {
  const taken: string[] = [];
  const cpufreq = { slow: false, clocks: () => [], close: () => [] };
  const config = () => ({ cpufreq: { onExit: "restore" } });
  const arbiter = { parking: { knowAll: (all: boolean) => all } };
  const clocks = { settle: () => taken.push("parking") };
  const events = { end: () => taken.push("events") };
  const code = await endDaemon(
    { reason: "stop", detail: "SIGTERM" },
    {
      parts: { arbiter, clocks, cpufreq, config, events } as unknown as Parts,
      log: recordingLog(),
      quiet: [
        () => {
          throw new Error("at once");
        },
        () => taken.push("quiet"),
      ],
      last: [
        async () => {
          throw new Error("EROFS: read-only file system");
        },
        async () => void taken.push("last"),
      ],
    },
  );
  expect({ code, taken }).toEqual({ code: 1, taken: ["quiet", "parking", "events", "last"] });
});
