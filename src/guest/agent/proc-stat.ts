import fs from "node:fs";
import type { BusySource, Counters } from "./busy.ts";

/** Bytes to read: the CPUs are at the beginning, and those of the largest machines need 100 KiB. */
const SIZE_MAX = 128 * 1024;

/** The load of each vCPU as the kernel counts it. A polling program always counts as busy. */
export function procStat(path = "/proc/stat"): BusySource {
  const fd = fs.openSync(path, fs.constants.O_RDONLY);
  const buffer = new Uint8Array(SIZE_MAX);
  const decoder = new TextDecoder();
  return {
    name: path,
    async read() {
      const size = fs.readSync(fd, buffer, 0, SIZE_MAX, 0);
      return parseStat(decoder.decode(buffer.subarray(0, size)));
    },
    close: () => fs.closeSync(fd),
  };
}

/**
 * Parses lines `cpuN user nice system idle iowait irq softirq steal …`. Stolen time counts as neither busy nor idle.
 */
export function parseStat(text: string): Map<number, Counters> {
  const cpus = new Map<number, Counters>();
  for (const line of text.split("\n")) {
    const [name = "", ...fields] = line.split(/\s+/);
    const number = /^cpu(\d+)$/.exec(name)?.[1];
    if (number === undefined) continue;
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0] = fields.map(Number);
    const busy = user + nice + system + irq + softirq;
    const total = busy + idle + iowait;
    if (Number.isFinite(total)) cpus.set(Number(number), { busy, total });
  }
  return cpus;
}
