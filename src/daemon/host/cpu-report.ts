import type { Clock } from "../../base/clock.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";
import { formatKhz } from "../../base/format-khz.ts";
import type { UnmanagedCpu } from "../../cpufreq/cpufreq.ts";

/** A line about CPUs, with its level. */
export interface CpuLine {
  readonly level: "info" | "notice";
  readonly text: string;
}

/** The last report about a CPU. */
interface Told {
  readonly is: string;
  readonly level: CpuLine["level"];
  readonly baselineKhz: number | undefined;
  readonly speeds: string;
}

/** Reports the state of the host's CPUs, and later only changes. */
export class CpuReport {
  #told: ReadonlyMap<Pcpu, Told> = new Map();

  /** New reports, with CPUs of the same state together. */
  changes(clocks: readonly Clock[], unmanaged: readonly UnmanagedCpu[]): CpuLine[] {
    const now = new Map<Pcpu, Told>();
    for (const { driver, table, baselineKhz, pcpus } of clocks)
      for (const pcpu of pcpus)
        now.set(pcpu, {
          is: `are scaled by ${driver}`,
          level: "info",
          baselineKhz,
          speeds: table.speeds.map(({ khz }) => khz).join(" "),
        });
    for (const { pcpu, reason } of unmanaged)
      now.set(pcpu, { is: `are left alone: ${reason}`, level: "notice", baselineKhz: undefined, speeds: "" });
    const before = this.#told;
    this.#told = now;
    const lines = [...now].flatMap(([pcpu, told]) => {
      const line = difference(before.get(pcpu), told);
      return line === undefined ? [] : [{ pcpu, ...line }];
    });
    for (const pcpu of before.keys())
      if (!now.has(pcpu)) lines.push({ pcpu, level: "notice", text: "are gone" });
    return [...Map.groupBy(lines, ({ text }) => text)].map(([text, same]) => ({
      level: same[0]?.level ?? "notice",
      text: `CPUs ${formatCpuList(same.map(({ pcpu }) => pcpu))} ${text}`,
    }));
  }
}

function difference(before: Told | undefined, now: Told): CpuLine | undefined {
  if (before?.is !== now.is) return { level: now.level, text: now.is };
  if (before.speeds !== now.speeds) {
    const khz = now.speeds.split(" ");
    return {
      level: "notice",
      text: `have other speeds: ${khz.length}, from ${formatKhz(Number(khz.at(-1)))} to ${formatKhz(Number(khz[0]))}`,
    };
  }
  if (before.baselineKhz === now.baselineKhz) return undefined;
  const text = `were set by another program: they run at up to ${formatKhz(now.baselineKhz ?? 0)} while no guest asks, before ${formatKhz(before.baselineKhz ?? 0)}`;
  return { level: "notice", text };
}
