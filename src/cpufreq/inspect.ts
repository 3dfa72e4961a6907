import type { Setting } from "../base/clock.ts";
import type { FileState } from "./cpufreq.ts";
import type { Disk } from "./disk.ts";
import { type HeldClock, type HeldPolicy, labelOf } from "./held-clock.ts";
import type { ManagedFile } from "./originals.ts";
import { openFile } from "./speed-files.ts";

/** What an inspection works with. */
interface Means {
  readonly disk: Disk;
  /** Whether what the kernel said after our last write may be taken for its rounding of that. */
  readonly settled: boolean;
}

/** What the files of a clock should say under a setting, and do; files of what was never changed are left out. */
export function inspect(clock: HeldClock, setting: Setting, means: Means): FileState[] {
  return clock.policies.flatMap((policy) =>
    expected(clock, policy, setting).flatMap(({ name, ours, fits }) => {
      const found = textOf(policy, name, means.disk);
      const isRounding = means.settled && clock.held === setting && found === reported(policy, name);
      const ok = fits === undefined ? found === ours || isRounding : fits(Number(found));
      return { pcpus: policy.found.pcpus, file: `${labelOf(policy)}/${name}`, ours, found, ok };
    }),
  );
}

interface Expected {
  readonly name: ManagedFile;
  readonly ours: string;
  /** Where a range of numbers will do. */
  readonly fits?: (found: number) => boolean;
}

function expected({ scaling, speeds }: HeldClock, policy: HeldPolicy, setting: Setting): Expected[] {
  if (setting === "baseline") {
    const originals = Object.entries(policy.originals ?? {}) as [ManagedFile, string][];
    return originals.map(([name, text]) => ({ name, ours: text.trimEnd() }));
  }
  const { khz = 0, text: ours = "" } = speeds[setting] ?? {};
  const governor = { name: "scaling_governor", ours: scaling.governor } as const;
  if (scaling.files === "min-max")
    return [governor, { name: "scaling_min_freq", ours }, { name: "scaling_max_freq", ours }];
  // The kernel keeps a speed that is asked of it within these, and does not say so.
  return [
    governor,
    { name: "scaling_setspeed", ours },
    { name: "scaling_min_freq", ours: `at most ${khz}`, fits: (found) => !(found > khz) },
    { name: "scaling_max_freq", ours: `at least ${khz}`, fits: (found) => !(found < khz) },
  ];
}

/** What a file says; nothing where it cannot be read. */
function textOf({ found }: HeldPolicy, name: ManagedFile, disk: Disk): string {
  // Not by the file that is kept open: that remembers what it said after our write.
  const file = openFile(disk, found.path, name);
  if ("errno" in file) return file.errno;
  const errno = file.attribute.read();
  const text = errno ?? file.attribute.text().trimEnd();
  file.attribute.close();
  return text;
}

function reported({ open }: HeldPolicy, name: ManagedFile): string | undefined {
  return open?.files
    .find((file) => file.name === name)
    ?.attribute.text()
    .trimEnd();
}
