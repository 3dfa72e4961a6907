import type { SocketHandler } from "bun";
import { connectError } from "./client-error.ts";

/** How long and how often to retry a connect while the kernel's queue is full because many clients connect. */
const QUEUE_MS = 2000;
const QUEUE_STEP_MS = 20;

/** Connects. Bun reports a full queue as ECONNREFUSED, the same as no listener, so that is tried again for a while. */
export async function connectPatiently(path: string, handlers: SocketHandler<undefined>, withinMs: number) {
  const endMs = performance.now() + Math.min(QUEUE_MS, withinMs);
  for (;;) {
    try {
      return await Bun.connect<undefined>({ unix: path, socket: handlers });
    } catch (cause) {
      const error = connectError(path, cause);
      if (error.code !== "ECONNREFUSED" || performance.now() >= endMs) throw error;
      await Bun.sleep(QUEUE_STEP_MS);
    }
  }
}
