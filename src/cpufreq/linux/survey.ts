import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result } from "../../base/result.ts";
import type { UnmanagedCpu } from "../cpufreq.ts";
import { type Permitted, sharedWithReserved, unmanagedCpus } from "../permission.ts";
import { type Host, readHost } from "./host.ts";
import { Readings } from "./readings.ts";
import { type ScannedCpu, scanCpu } from "./scan.ts";
import { looked } from "./sysfs-file.ts";
import { type FoundClock, findClocks, type Mismatch } from "./topology.ts";
import { findUncores } from "./uncore.ts";
import type { Uncore } from "./uncore-files.ts";

/** The result of one look at the host. */
export interface Survey {
  readonly host: Host;
  /** The result for each CPU. */
  readonly found: ReadonlyMap<Pcpu, Result<ScannedCpu>>;
  /** What each result was made from. */
  readonly readings: ReadonlyMap<Pcpu, Readings>;
  readonly clocks: readonly FoundClock[];
  readonly unmanaged: readonly UnmanagedCpu[];
  readonly mismatches: readonly Mismatch[];
  /** CPUs that share a clock with a reserved one, each with that one. */
  readonly shared: ReadonlyMap<Pcpu, Pcpu>;
  readonly uncores: readonly Uncore[];
}

/** Looks at every CPU of the host. A CPU that cannot be read for the moment is taken over from the survey `before`. */
export function survey(root: string, permitted: Permitted, before?: Survey): Survey {
  const ofHost = new Readings();
  const read = looked(() => readHost(root, ofHost));
  if (!read.ok) return before ?? emptySurvey(root, ofHost);
  const host = read.value;
  const found = new Map<Pcpu, Result<ScannedCpu>>();
  const readings = new Map<Pcpu, Readings>();
  for (const pcpu of host.pcpus) {
    const own = new Readings();
    readings.set(pcpu, own);
    const cpu = looked(() => look(host, pcpu, { permitted, readings: own }));
    const last = before?.found.get(pcpu);
    found.set(pcpu, cpu.ok ? cpu.value : (last ?? failure(`it cannot be read (${cpu.why})`)));
  }
  for (const pcpu of permitted.named) if (!found.has(pcpu)) found.set(pcpu, failure("no such CPU"));
  const scanned = [...found.values()].flatMap((cpu) => (cpu.ok ? [cpu.value] : []));
  const shared = sharedWithReserved(scanned, permitted.reserved);
  const unmanaged = unmanagedCpus(found, { shared, permitted });
  const clocks = findClocks(scanned.filter(({ pcpu }) => !shared.has(pcpu)));
  const uncores = looked(() => findUncores(root, clocks.clocks, permitted));
  return {
    host,
    found,
    readings,
    unmanaged,
    shared,
    uncores: uncores.ok ? uncores.value : (before?.uncores ?? []),
    ...clocks,
  };
}

function emptySurvey(root: string, readings: Readings): Survey {
  const host = { root, pcpus: [], turboPercent: undefined, boostOff: false, readings };
  return {
    host,
    found: new Map(),
    readings: new Map(),
    clocks: [],
    unmanaged: [],
    mismatches: [],
    shared: new Map(),
    uncores: [],
  };
}

interface LookMeans {
  readonly permitted: Permitted;
  readonly readings: Readings;
}

/** The failure says why the CPU is not managed. Throws `LookFailed` if its files cannot be read for the moment. */
function look(host: Host, pcpu: Pcpu, { permitted, readings }: LookMeans): Result<ScannedCpu> {
  const objection = permitted.objection(pcpu);
  if (objection !== undefined) return failure(objection);
  const cpu = scanCpu(host, pcpu, readings);
  if (!cpu.ok) return cpu;
  // One write moves all CPUs of a cpufreq policy, so a single CPU that we may not change excludes all of them.
  const foreign = cpu.value.related.find((related) => !permitted.isManaged(related));
  if (foreign === undefined || permitted.reserved.has(foreign)) return cpu;
  return failure(`shares its clock with CPU ${foreign}, which is not in ManagedCpus`);
}
