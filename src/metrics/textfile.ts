import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { Log } from "../base/log.ts";

/** What a {@link startTextfile} works with. */
export interface TextfileOptions {
  readonly path: string;
  readonly intervalMs: number;
  readonly render: () => string;
  readonly log: Log;
}

/** Keeps a file up to date for node_exporter's textfile collector; nobody ever sees half of it. */
export function startTextfile({ path, intervalMs, render, log }: TextfileOptions): { close(): void } {
  const fresh = `${path}.${process.pid}.new`;
  let failed = false;

  function write(): void {
    try {
      writeFileSync(fresh, render(), { mode: 0o644 });
      renameSync(fresh, path);
      failed = false;
    } catch (error) {
      // Told once: a full disk or a missing directory lasts.
      if (!failed)
        log.error(`Cannot write metrics to "${path}": ${error instanceof Error ? error.message : error}`);
      failed = true;
    }
  }

  write();
  const timer = setInterval(write, intervalMs);
  return {
    close() {
      clearInterval(timer);
      // Numbers of a daemon that is gone are no numbers.
      rmSync(path, { force: true });
      rmSync(fresh, { force: true });
    },
  };
}
