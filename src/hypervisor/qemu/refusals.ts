import { LineLimiter } from "../../base/line-limiter.ts";
import type { Log } from "../../base/log.ts";
import type { QemuProcess, Refusal } from "./examine.ts";

/** The most processes whose refusals are remembered. */
const REFUSED_MAX = 1024;

/** Its threads cannot be told apart. */
const NAMELESS_THREADS: Refusal = {
  reason: "its vCPU threads have no names",
  remedy: "start it with -name NAME,debug-threads=on",
};

/** The QEMUs with channels that are not served. Each is logged once; whoever can start processes can cause such lines. */
export class Refusals {
  readonly #log: Log;
  readonly #limiter = new LineLimiter();
  readonly #texts = new Map<number, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** What is not served, and what to do about the first; undefined if nothing is refused. */
  get summary(): string | undefined {
    const [first] = this.#texts.values();
    const { size } = this.#texts;
    if (size <= 1) return first;
    return `${size} QEMU processes are not served; ${first}`;
  }

  /** A process is not served. Without a channel it does not ask for that. */
  note(pid: number, { channels, name, refusal = NAMELESS_THREADS }: QemuProcess): void {
    if (channels.size === 0 || this.#texts.size >= REFUSED_MAX) return;
    const text = `QEMU process ${pid} ("${name ?? ""}") is not served, ${refusal.reason}: ${refusal.remedy}`;
    if (this.#texts.get(pid) === text) return;
    this.#texts.set(pid, text);
    if (this.#limiter.allow("refused", performance.now()) !== undefined) this.#log.notice(text);
  }

  /** A process is served now. */
  clear(pid: number): void {
    this.#texts.delete(pid);
  }

  /** Forgets processes that have ended. */
  keep(isThere: (pid: number) => boolean): void {
    for (const pid of this.#texts.keys()) if (!isThere(pid)) this.#texts.delete(pid);
  }
}
