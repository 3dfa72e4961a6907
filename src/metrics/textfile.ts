import { rmSync } from "node:fs";
import type { Log } from "../base/log.ts";
import { writeWhole } from "../os/whole-file.ts";

/** Options of {@link startTextfile}. */
export interface TextfileOptions {
  readonly path: string;
  readonly intervalMs: number;
  readonly render: () => string;
  readonly log: Log;
}

/** Keeps a file up to date for node_exporter's textfile collector. Readers never see a part of it. */
export function startTextfile({ path, intervalMs, render, log }: TextfileOptions): { close(): void } {
  let failed = false;

  function write(): void {
    // Not synced: guests would wait for the disk, and new values follow soon.
    const written = writeWhole(path, render(), { mode: 0o644, volatile: true, log });
    // Logged once: a full disk or a missing directory lasts.
    if (!written.ok && !failed) log.error(`The metrics are not up to date. ${written.why.message}`);
    failed = !written.ok;
  }

  write();
  const timer = setInterval(write, intervalMs);
  return {
    close() {
      clearInterval(timer);
      // A scraper would take the last values of a stopped daemon for current ones.
      rmSync(path, { force: true });
    },
  };
}
