import { ptr } from "bun:ffi";
import { readdirSync } from "node:fs";
import { libc } from "./libc.ts";

// Constants of <sched.h>, the same on every architecture.
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
/** The lowest realtime priority (sched(7)): before every ordinary process, and after every other realtime one. */
const PRIORITY = 1;

/**
 * Gives every thread of this process the lowest realtime priority (`SCHED_FIFO` 1), and with them the threads that they
 * make. All of them, because a thread that handles packets waits for those of the garbage collector. Returns false if
 * the kernel refuses it, which it does without CAP_SYS_NICE and with RLIMIT_RTPRIO at 0.
 */
export function becomeRealtime(): boolean {
  return scheduleThreads(SCHED_FIFO, PRIORITY);
}

/** Takes the realtime priority from every thread of this process; their nice values count again. */
export function becomeOrdinary(): boolean {
  return scheduleThreads(SCHED_OTHER, 0);
}

function scheduleThreads(policy: number, priority: number): boolean {
  const parameters = new Int32Array([priority]);
  let threads = [`${process.pid}`];
  try {
    threads = readdirSync("/proc/self/task");
  } catch {
    // Without /proc only the main thread is known, whose number is that of the process.
  }
  // A thread that has ended since is refused.
  const taken = threads.map((thread) => libc().sched_setscheduler(Number(thread), policy, ptr(parameters)));
  return taken.includes(0);
}
