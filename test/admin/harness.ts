import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Caller } from "../../src/admin/caller.ts";
import type { Control } from "../../src/admin/control.ts";
import { LIMITS, type Limits } from "../../src/admin/limits.ts";
import { type ControlServer, type Mutation, serveControl } from "../../src/admin/server.ts";
import type { Log } from "../../src/base/log.ts";
import { sampleControl } from "./sample-control.ts";

/** A log that keeps its lines, `notice: …`. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    lines,
    error: keep("error"),
    warning: keep("warning"),
    notice: keep("notice"),
    info: keep("info"),
    debug: keep("debug"),
  };
}

/** A served control socket in a directory of its own. */
export interface Served {
  readonly path: string;
  readonly dir: string;
  readonly lines: string[];
  readonly mutations: Mutation[];
  readonly server: ControlServer;
  close(): Promise<void>;
}

/** The caller in the tests. */
export const OPERATOR: Caller = { uid: 1000, gid: 1000, pid: 77 };

/** Serves a control on a temporary socket. */
export async function serve(
  control: Control = sampleControl(),
  {
    limits = {},
    peerOf = () => OPERATOR,
  }: { limits?: Partial<Limits>; peerOf?: (fd: number) => Caller | undefined } = {},
): Promise<Served> {
  const dir = mkdtempSync(`${tmpdir()}/vm-power-admin-`);
  const path = `${dir}/control.sock`;
  const log = recordingLog();
  const mutations: Mutation[] = [];
  const server = await serveControl({
    path,
    control,
    peerOf,
    log,
    version: "1.2.3",
    onMutation: (call) => mutations.push(call),
    limits: { ...LIMITS, closeMs: 200, ...limits },
  });
  let closed: Promise<void> | undefined;
  return {
    path,
    dir,
    lines: log.lines,
    mutations,
    server,
    async close() {
      closed ??= server.close();
      await closed;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Waits for something to become true, at most five seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not so within 5 s: ${condition}`);
    await Bun.sleep(2);
  }
}
