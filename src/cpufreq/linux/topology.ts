import type { Pcpu } from "../../base/domain.ts";
import { groupBy } from "../../base/group-by.ts";
import { JoinedCpus } from "../joined-cpus.ts";
import type { PolicyDirectory, ScannedCpu } from "./scan.ts";

/** CPUs that run at one speed. The first one stands for all. */
export interface FoundClock {
  readonly id: Pcpu;
  readonly members: readonly ScannedCpu[];
  /** The directories to write to, each once. */
  readonly policies: readonly FoundPolicy[];
}

/** One directory of a clock, and its CPUs. */
export interface FoundPolicy extends PolicyDirectory {
  readonly pcpus: readonly Pcpu[];
}

/** Two CPUs that share a clock, but whose drivers or tables differ. */
export interface Mismatch {
  readonly pcpu: Pcpu;
  readonly other: Pcpu;
}

/**
 * Joins CPUs that share a clock. CPUs with different drivers or tables are not joined; they are returned as mismatches.
 */
export function findClocks(scanned: readonly ScannedCpu[]): { clocks: FoundClock[]; mismatches: Mismatch[] } {
  const byPcpu = new Map(scanned.map((cpu) => [cpu.pcpu, cpu]));
  const joined = new JoinedCpus();
  const mismatches: Mismatch[] = [];
  // One directory is one clock, whatever its CPU lists contain.
  for (const [first, ...others] of groupBy(scanned, (cpu) => cpu.policy.path).values()) {
    for (const other of others) joined.join((first as ScannedCpu).pcpu, other.pcpu);
  }
  for (const cpu of scanned) {
    for (const pcpu of [...cpu.related, ...cpu.neighbours]) {
      const other = byPcpu.get(pcpu);
      if (other === undefined || pcpu === cpu.pcpu) continue;
      if (canShare(cpu, other)) joined.join(cpu.pcpu, pcpu);
      else if (cpu.pcpu < pcpu) mismatches.push({ pcpu: cpu.pcpu, other: pcpu });
    }
  }
  const groups = groupBy(scanned, (cpu) => joined.lowest(cpu.pcpu));
  const taken = new Set(byPcpu.keys());
  return { clocks: [...groups.values()].map((members) => foundClock(members, taken)), mismatches };
}

function canShare(a: ScannedCpu, b: ScannedCpu): boolean {
  if (a.policy.path === b.policy.path) return true;
  return a.driver === b.driver && JSON.stringify(a.speeds.table) === JSON.stringify(b.speeds.table);
}

/** `taken` has the ids of other clocks: two clocks may list the same offline CPU. */
function foundClock(members: readonly ScannedCpu[], taken: Set<Pcpu>): FoundClock {
  const free = members.flatMap((cpu) => cpu.related).filter((pcpu) => !taken.has(pcpu));
  const id = Math.min(...free, ...members.map((cpu) => cpu.pcpu));
  taken.add(id);
  const policies = groupBy(members, (cpu) => cpu.policy.path);
  return {
    id,
    members,
    policies: [...policies.values()].map((cpus) => ({
      ...(cpus[0] as ScannedCpu).policy,
      pcpus: cpus.map((cpu) => cpu.pcpu),
    })),
  };
}
