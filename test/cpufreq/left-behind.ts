import fs from "node:fs";
import { join } from "node:path";
import type { QuickHost } from "./quick-backend.ts";

export const PUT_BACK = "s0 write mode=auto speed=3000000";

export const ORIGINALS = { mode: "auto", speed: "3000000" };

/** Leaves an entry in the journal, as a daemon before. */
export function leave(host: QuickHost, scope: string, more: object = {}): void {
  fs.mkdirSync(host.journalDirectory, { recursive: true, mode: 0o700 });
  const entry = { version: 1, policy: scope, pcpus: [0], driver: "quick", kept: false, originals: ORIGINALS };
  const path = join(host.journalDirectory, `${scope}.json`);
  fs.writeFileSync(path, JSON.stringify({ ...entry, ...more }), { mode: 0o600 });
}

export const scopes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [i, [`s${i}`]] as const));
