import type { Clock, Setting, WriteRefused } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Disk } from "./disk.ts";
import type { ScalingDriver } from "./driver.ts";
import { dropEntry, type JournalMeans, saveEntry } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { type OpenPolicy, openPolicy } from "./open-policy.ts";
import { NEEDED, type Originals, readOriginals } from "./originals.ts";
import { putBack } from "./put-back.ts";
import { type FileRefused, type SpeedText, speedText } from "./speed-files.ts";
import type { FoundPolicy } from "./topology.ts";

/** What a clock needs to act: the side effects, where the journal is, and whether the files are plain ones. */
interface Means {
  readonly disk: Disk;
  readonly journalDirectory: string;
  readonly log: Log;
  readonly plain: boolean;
}

/** One sysfs cpufreq policy of a clock, and how far it is in our hands. */
export interface HeldPolicy {
  readonly found: FoundPolicy;
  /** Defined from the moment they are safe in the journal until they are put back. */
  originals: Originals | undefined;
  open: OpenPolicy | undefined;
}

/** A clock, what it holds, and the files that make it so. */
export class HeldClock {
  readonly clock: Clock;
  readonly policies: readonly HeldPolicy[];
  readonly speeds: readonly SpeedText[];
  /** What the kernel last accepted; undefined when that is not known. */
  held: Setting | undefined = "baseline";
  /** The originals could not be put back when that was wanted: to be tried again. */
  owesBaseline = false;
  readonly scaling: ScalingDriver;
  readonly #means: Means;

  constructor(clock: Clock, policies: readonly HeldPolicy[], by: HeldBy) {
    this.clock = clock;
    this.policies = policies;
    this.speeds = clock.table.speeds.map(({ khz }) => speedText(khz));
    this.scaling = by.scaling;
    this.#means = by.means;
    // Settings that an earlier daemon was told to keep are not the baseline.
    if (this.touched) this.held = undefined;
  }

  /** Whether anything of it differs from what was found, or may. */
  get touched(): boolean {
    return this.policies.some((policy) => policy.originals !== undefined);
  }

  /** Makes the kernel hold a setting, or leaves everything as it was. */
  apply(setting: Setting): WriteRefused | undefined {
    if (setting === this.held) return undefined;
    if (setting === "baseline") return this.putBack();
    const speed = this.speeds[setting];
    if (speed === undefined) return { reason: `clock ${this.clock.id} has no speed ${setting}` };
    const before = this.held;
    const refused = this.#write(speed);
    if (refused !== undefined) {
      this.#return(before);
      return refused;
    }
    this.held = setting;
    this.owesBaseline = false;
    return undefined;
  }

  #write(speed: SpeedText): WriteRefused | undefined {
    for (const policy of this.policies) {
      const open = policy.open ?? this.#take(policy);
      if ("reason" in open) return open;
      const refused = this.held === undefined ? (open.govern() ?? open.write(speed)) : open.write(speed);
      // Under another governor the kernel takes no speed: somebody switched it.
      const again = refused?.errno === "EINVAL" ? (open.govern() ?? open.write(speed)) : refused;
      if (again !== undefined) return told(policy, again);
    }
    return undefined;
  }

  /** Saves what is there, opens the files and puts the governor on. */
  #take(policy: HeldPolicy): OpenPolicy | WriteRefused {
    const refused = this.#save(policy, { kept: false });
    if (refused !== undefined) return refused;
    const open = openPolicy(this.#means.disk, policy.found.path, this.scaling);
    if ("errno" in open) return told(policy, open);
    policy.open = open;
    const ungoverned = open.govern();
    return ungoverned === undefined ? open : told(policy, ungoverned);
  }

  #save(policy: HeldPolicy, { kept }: { kept: boolean }): WriteRefused | undefined {
    const originals = policy.originals ?? readOriginals(policy.found.path, this.scaling);
    const missing = NEEDED[this.scaling.files].find((file) => originals[file] === undefined);
    if (missing !== undefined)
      return { reason: `${labelOf(policy)}/${missing}: nothing there that could be put back` };
    const reason = saveEntry(this.#journal(), this.#entry(policy, originals, { kept }));
    if (reason !== undefined) return { reason };
    policy.originals = originals;
    return undefined;
  }

  /** After a refusal: makes hold again what held before. What cannot be made so stays unknown, and in the journal. */
  #return(before: Setting | undefined): void {
    this.held = undefined;
    if (typeof before !== "number") {
      this.putBack();
      return;
    }
    const speed = this.speeds[before] as SpeedText;
    if (this.#write(speed) === undefined) this.held = before;
  }

  /** Puts back what was found, closes the files and forgets the clock; what fails stays in the journal. */
  putBack(): WriteRefused | undefined {
    let refused: WriteRefused | undefined;
    for (const policy of this.policies) refused = this.#putBackPolicy(policy) ?? refused;
    this.held = refused === undefined ? "baseline" : undefined;
    this.owesBaseline = refused !== undefined;
    return refused;
  }

  #putBackPolicy(policy: HeldPolicy): WriteRefused | undefined {
    if (policy.originals === undefined) return undefined;
    const { disk, plain } = this.#means;
    const refused = putBack({ disk, path: policy.found.path, plain }, policy.originals);
    if (refused !== undefined) return told(policy, refused);
    const reason = dropEntry(this.#journal(), policy.found.name);
    if (reason !== undefined) return { reason };
    policy.originals = undefined;
    closePolicy(policy);
    return undefined;
  }

  #journal(): JournalMeans {
    const { disk, journalDirectory, log } = this.#means;
    return { files: disk.files, journalDirectory, log };
  }

  /** Marks the settings as meant to stay after the daemon's end. */
  keep(): WriteRefused | undefined {
    let refused: WriteRefused | undefined;
    for (const policy of this.policies) {
      if (policy.originals !== undefined) refused = this.#save(policy, { kept: true }) ?? refused;
    }
    return refused;
  }

  /** What the journal says of it: all that has to be put back. */
  entries(): JournalEntry[] {
    return this.policies.flatMap((policy) => {
      return policy.originals === undefined ? [] : [this.#entry(policy, policy.originals, { kept: false })];
    });
  }

  #entry({ found }: HeldPolicy, originals: Originals, { kept }: { kept: boolean }): JournalEntry {
    return { policy: found.name, pcpus: found.pcpus, driver: this.clock.driver, kept, originals };
  }

  /** Closes the files, and changes nothing. */
  close(): void {
    for (const policy of this.policies) closePolicy(policy);
  }
}

/** What writes the speeds of a {@link HeldClock}. */
interface HeldBy {
  readonly scaling: ScalingDriver;
  readonly means: Means;
}

function closePolicy(policy: HeldPolicy): void {
  policy.open?.close();
  policy.open = undefined;
}

function told(policy: HeldPolicy, { file, errno }: FileRefused): WriteRefused {
  return { reason: `${labelOf(policy)}/${file}: ${errno}` };
}

/** How messages name a cpufreq policy: by its first CPU, as operators do. */
export function labelOf(policy: HeldPolicy): string {
  return `cpu${policy.found.pcpus[0]}/cpufreq`;
}
