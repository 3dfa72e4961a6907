import type { Outcome } from "./drive.ts";
import { STORMY } from "./happenings/happenings.ts";

/** What several runs came to. */
export class Tally {
  runs = 0;
  happenings = 0;
  simulatedMs = 0;
  cpuMs = 0;
  calms = 0;
  starts = 0;
  readonly struck = new Map<string, number>(STORMY.map(({ name }) => [name, 0]));
  readonly marks = new Map<string, number>();

  add(outcome: Outcome): void {
    this.runs++;
    this.happenings += outcome.happenings;
    this.simulatedMs += outcome.simulatedMs;
    this.cpuMs += outcome.cpuMs;
    this.calms += outcome.calms;
    this.starts += outcome.starts;
    for (const [name, count] of outcome.struck) this.struck.set(name, (this.struck.get(name) ?? 0) + count);
    for (const [name, count] of outcome.marks) this.marks.set(name, (this.marks.get(name) ?? 0) + count);
  }

  /** Kinds that never struck, and states that were never entered: what a run without them proves nothing about. */
  missing(): string[] {
    return [...this.struck, ...this.marks].filter(([, count]) => count === 0).map(([name]) => name);
  }

  text(): string {
    const counts = (map: ReadonlyMap<string, number>) =>
      [...map].map(([name, count]) => `  ${`${count}`.padStart(9)} ${name}`).join("\n");
    const perMinute = Math.round((this.happenings / this.cpuMs) * 60_000);
    return [
      `${this.runs} worlds, ${(this.simulatedMs / 86_400_000).toFixed(2)} days, ${this.happenings} happenings in ${(this.cpuMs / 1000).toFixed(1)} s of CPU (${perMinute} a minute)`,
      `${this.starts} starts of the daemon, judged in calm weather ${this.calms} times`,
      `struck:\n${counts(this.struck)}`,
      `entered:\n${counts(this.marks)}`,
    ].join("\n");
  }
}
