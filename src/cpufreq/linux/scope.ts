import fs from "node:fs";
import type { SpeedSetting } from "../../base/clock.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import type { Knobs } from "../../base/knobs.ts";
import type { Result } from "../../base/result.ts";
import { type Errno, errnoOf, isGone } from "../../os/errno.ts";
import type { Answer, Expectation, Extras, OpenScope, Scope, SettingRefused, Values } from "../port.ts";
import type { Disk } from "./disk.ts";
import type { ScalingDriver } from "./driver.ts";
import { isUnderRoot, knobFiles } from "./knob-files.ts";
import { openScope } from "./open-scope.ts";
import { baselineOf, type ManagedFile, NEEDED, readFiles, readOriginals } from "./originals.ts";
import { putBack } from "./put-back.ts";
import { type SpeedText, textOf } from "./speed-files.ts";
import { looked } from "./sysfs-file.ts";
import type { FoundPolicy } from "./topology.ts";
import type { Uncore } from "./uncore-files.ts";

/** What a {@link PolicyScope} needs. */
interface PolicyMeans {
  readonly disk: Disk;
  /** Of all CPUs. */
  readonly root: string;
  readonly plain: boolean;
  readonly scaling: ScalingDriver;
  readonly speeds: readonly SpeedText[];
  /** The uncore that belongs to a cpufreq policy now. */
  readonly uncoreOf: (policy: string) => Uncore | undefined;
}

/** A cpufreq policy of the kernel. */
export class PolicyScope implements Scope {
  readonly name: string;
  readonly label: string;
  readonly pcpus: readonly Pcpu[];
  readonly needed: readonly ManagedFile[];
  readonly #found: FoundPolicy;
  readonly #means: PolicyMeans;

  constructor(found: FoundPolicy, means: PolicyMeans) {
    this.name = found.name;
    // Operators call it by its first CPU.
    this.label = `cpu${found.pcpus[0]}/cpufreq`;
    this.pcpus = found.pcpus;
    this.needed = NEEDED[means.scaling.files];
    this.#found = found;
    this.#means = means;
  }

  read(): Result<Values, Errno> {
    return looked(() => readOriginals(this.#found.path, this.#means.scaling) as Values);
  }

  extras(knobs: Knobs, at: "speed" | "baseline", saved: Values): Result<Extras, Errno> {
    const { root, scaling, uncoreOf } = this.#means;
    const { path, name } = this.#found;
    const place = { root, path, pcpus: this.pcpus, scaling, uncore: uncoreOf(name) };
    return looked(() => knobFiles(place, knobs, { at, saved }));
  }

  readMore(names: readonly string[]): Result<Values, Errno> {
    return looked(() => readFiles({ root: this.#means.root, path: this.#found.path }, names));
  }

  write(values: Values): Answer {
    const { disk, plain, root } = this.#means;
    return putBack({ disk, root, path: this.#found.path, plain }, values);
  }

  baseline(saved: Values | undefined): Result<Khz | undefined, Errno> {
    const { scaling } = this.#means;
    const { path } = this.#found;
    return looked(() => baselineOf(path, saved ?? {}, scaling));
  }

  expected(speed: SpeedSetting): readonly Expectation[] {
    const { scaling, speeds } = this.#means;
    const { khz, text: ours } = textOf(speeds, speed);
    const governor = { name: "scaling_governor", ours: scaling.governor };
    if (scaling.files === "min-max")
      return [governor, { name: "scaling_min_freq", ours }, { name: "scaling_max_freq", ours }];
    // The kernel keeps a requested speed within these limits and does not report it.
    return [
      governor,
      { name: "scaling_setspeed", ours },
      { name: "scaling_min_freq", ours: `at most ${khz}`, fits: (found) => !(found > khz) },
      { name: "scaling_max_freq", ours: `at least ${khz}`, fits: (found) => !(found < khz) },
    ];
  }

  peek(name: string): string {
    const { disk, root } = this.#means;
    const file = disk.open(`${isUnderRoot(name) ? root : this.#found.path}/${name}`);
    if (!file.ok) return file.why;
    const attribute = file.value;
    const errno = attribute.read();
    const text = errno ?? attribute.text().trimEnd();
    attribute.close();
    return text;
  }

  /** In sysfs, open files report that their directory is gone; in a plain tree they stay usable. */
  isThere(): boolean {
    if (!this.#means.plain) return true;
    try {
      return fs.statSync(this.#found.path).ino === this.#found.inode;
    } catch (error) {
      return !isGone(errnoOf(error));
    }
  }

  open(): Result<OpenScope, SettingRefused> {
    const { disk, scaling, speeds } = this.#means;
    return openScope({ disk, path: this.#found.path, scaling, speeds });
  }
}
