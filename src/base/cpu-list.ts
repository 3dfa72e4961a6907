import type { Pcpu } from "./domain.ts";

/** CPU numbers from here on are errors: the kernel's largest `CONFIG_NR_CPUS`. */
export const CPU_NUMBER_END = 8192;

/**
 * Reads the kernel's list format, `0-3,8`. Returns the numbers in ascending order, each once; undefined for any other
 * text.
 */
export function parseCpuList(text: string): Pcpu[] | undefined {
  const trimmed = text.trim();
  const cpus = new Set<Pcpu>();
  if (trimmed === "") return [];
  for (const part of trimmed.split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last >= CPU_NUMBER_END) return undefined;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

/** Writes CPU numbers as the kernel does: `0-3,8`. */
export function formatCpuList(cpus: Iterable<Pcpu>): string {
  const given = [...cpus];
  // Most lists are of one CPU, and a host has thousands.
  if (given.length === 1) return `${given[0]}`;
  const sorted = [...new Set(given)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i];
    while (sorted[i + 1] === (sorted[i] as number) + 1) i++;
    parts.push(first === sorted[i] ? `${first}` : `${first}-${sorted[i]}`);
  }
  return parts.join(",");
}
