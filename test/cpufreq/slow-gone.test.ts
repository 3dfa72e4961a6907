import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { openClocks } from "../../src/cpufreq/host-clocks.ts";
import { FILE_CALLS } from "../../src/os/file-calls.ts";
import { makeMemoryDirectory } from "./memory-directory.ts";
import { slowBackend } from "./slow-backend.ts";
import { logInto } from "./test-host.ts";

test("a changed clock of a slow back end that is gone is not listed after the next look", async () => {
  const journalDirectory = makeMemoryDirectory("slow-gone");
  try {
    const backend = slowBackend([0, 1]);
    let changes = 0;
    const cpufreq = openClocks(
      { backend, files: FILE_CALLS },
      { onExit: "restore", onDrift: "reassert", journalDirectory, log: logInto([]) },
      { clocksChanged: () => void changes++, drift() {} },
    );
    void cpufreq.applySlow({ clock: 0, setting: 1 });
    await backend.answerAll();
    backend.settings.delete(0);
    cpufreq.refresh();
    await backend.answerAll();
    expect([cpufreq.clocks().map(({ id }) => id), changes]).toEqual([[1], 1]);
  } finally {
    rmSync(journalDirectory, { recursive: true });
  }
});
