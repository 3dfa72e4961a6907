import { CPU_ROOT, type HostFiles } from "./host-files.ts";

/** The CPUs of a host in ascending order, from its files. */
export function pcpusOf(files: HostFiles): number[] {
  return files
    .names(CPU_ROOT)
    .flatMap((name) => /^cpu(\d{1,5})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The content of a file in one CPU's cpufreq directory. */
export function cpufreqText(files: HostFiles, pcpu: number, name: string): string | undefined {
  return files.text(`${CPU_ROOT}/cpu${pcpu}/cpufreq/${name}`);
}

/** The content of a file below the directory of all CPUs. */
export function cpuText(files: HostFiles, path: string): string | undefined {
  return files.text(`${CPU_ROOT}/${path}`);
}

/** Whether a CPU is online. A CPU that cannot be switched off has no such file. */
export function isOnline(files: HostFiles, pcpu: number): boolean {
  return cpuText(files, `cpu${pcpu}/online`) !== "0";
}
