import { CPU_ROOT, type HostFiles } from "./host-files.ts";

/** The CPUs of a host by its files, ascending. */
export function pcpusOf(files: HostFiles): number[] {
  return files
    .names(CPU_ROOT)
    .flatMap((name) => /^cpu(\d{1,5})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** What a file of one CPU's cpufreq directory says. */
export function cpufreqText(files: HostFiles, pcpu: number, name: string): string | undefined {
  return files.text(`${CPU_ROOT}/cpu${pcpu}/cpufreq/${name}`);
}

/** What a file below the directory of all CPUs says. */
export function cpuText(files: HostFiles, path: string): string | undefined {
  return files.text(`${CPU_ROOT}/${path}`);
}

/** Whether a CPU runs; one that cannot be switched off has no such file. */
export function isOnline(files: HostFiles, pcpu: number): boolean {
  return cpuText(files, `cpu${pcpu}/online`) !== "0";
}
