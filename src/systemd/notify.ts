import { monotonicUs } from "../os/clock-time.ts";
import { datagramSender } from "../os/datagram.ts";

/** Reports the daemon's state to the service manager (sd_notify(3)); does nothing without one. */
export interface Notify {
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  status(text: string): void;
  /** Must be called from the event loop at least this often, in ms; undefined if there is no watchdog. */
  readonly watchdogMs: number | undefined;
  alive(): void;
}

/** Longest status text that is sent. */
const STATUS_LENGTH_MAX = 200;

/** Opens the socket of the service manager that the environment names. */
export function openNotify(env: Readonly<Record<string, string | undefined>>): Notify {
  const sender = env["NOTIFY_SOCKET"] === undefined ? undefined : datagramSender(env["NOTIFY_SOCKET"]);
  const send = (...lines: readonly string[]) => {
    sender?.send(new TextEncoder().encode(lines.join("\n")));
  };
  const statusLine = (text: string) => `STATUS=${text.replaceAll("\n", " ").slice(0, STATUS_LENGTH_MAX)}`;
  return {
    ready: (status) => send("READY=1", statusLine(status)),
    reloading: () => {
      if (sender !== undefined) send("RELOADING=1", `MONOTONIC_USEC=${monotonicUs()}`);
    },
    stopping: () => send("STOPPING=1"),
    status: (text) => send(statusLine(text)),
    watchdogMs: sender === undefined ? undefined : watchdogMs(env),
    alive: () => send("WATCHDOG=1"),
  };
}

/** Half of the watchdog's time, as sd_watchdog_enabled(3) recommends. */
function watchdogMs(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const us = Number(env["WATCHDOG_USEC"] ?? "");
  const forUs = env["WATCHDOG_PID"] === undefined || Number(env["WATCHDOG_PID"]) === process.pid;
  return forUs && Number.isSafeInteger(us) && us > 0 ? Math.max(1, Math.floor(us / 2000)) : undefined;
}
