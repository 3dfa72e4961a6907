import fs from "node:fs";
import type { BusySource, Counters } from "./busy.ts";

/** The CPUs stand at its beginning; of the largest machines that is 100 KiB. */
const SIZE_MAX = 128 * 1024;

/** How busy the kernel says each vCPU is. A program that polls is always busy to it. */
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

/** Reads the lines `cpuN user nice system idle iowait irq softirq steal …`; what the host stole is nobody's time here. */
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
