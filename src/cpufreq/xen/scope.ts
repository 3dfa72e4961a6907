import type { SpeedSetting } from "../../base/clock.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import type { Knobs } from "../../base/knobs.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import type { Expectation, Extras, OpenScope, Scope, SettingRefused, Values } from "../port.ts";
import type { ReadBack } from "../read-back.ts";
import { scopeOf } from "./journal-names.ts";
import { openXenScope } from "./open-scope.ts";
import type { XenPm } from "./pm.ts";
import { USERSPACE } from "./survey.ts";

/** What a {@link XenScope} needs. */
interface XenScopeMeans {
  readonly pm: XenPm;
  readonly readBack: ReadBack;
  /** The speeds of the clock's table. */
  readonly speeds: readonly Khz[];
}

/** A cpufreq policy of Xen. */
export class XenScope implements Scope {
  readonly name: string;
  readonly label: string;
  readonly pcpus: readonly Pcpu[];
  readonly needed = ["governor"];
  readonly #pcpu: Pcpu;
  readonly #means: XenScopeMeans;

  constructor(pcpus: readonly Pcpu[], means: XenScopeMeans) {
    this.#pcpu = pcpus[0] as Pcpu;
    this.name = scopeOf(this.#pcpu);
    this.label = `cpu${this.#pcpu} in Xen`;
    this.pcpus = pcpus;
    this.#means = means;
  }

  read(): Result<Values, Errno> {
    const { pm } = this.#means;
    const errno = pm.look(this.#pcpu);
    if (errno !== undefined) return failure(errno);
    const { governor, currentKhz } = pm;
    return success(governor === USERSPACE ? { governor, speed: `${currentKhz}` } : { governor });
  }

  extras(knobs: Knobs, at: "speed" | "baseline"): Result<Extras, Errno> {
    const values: Record<string, string> = {};
    const missing: string[] = [];
    if (at === "baseline" && knobs.governors !== undefined) {
      const { pm } = this.#means;
      const errno = pm.look(this.#pcpu);
      if (errno !== undefined) return failure(errno);
      const offered = pm.governors;
      const governor = knobs.governors.find((each) => offered.includes(each));
      if (governor !== undefined) values["governor"] = governor;
      else missing.push(`Governor=${knobs.governors.join()}: Xen offers ${offered.join(" ")}`);
    }
    if (knobs.epp !== undefined) missing.push(`Epp=${knobs.epp}: Xen offers no energy preference`);
    if (knobs.resumeLatencyUs !== undefined)
      missing.push(`ResumeLatencyUs=${knobs.resumeLatencyUs}: Xen offers no latency of a CPU`);
    if (knobs.uncore !== undefined)
      missing.push("UncoreMinKhz, UncoreMaxKhz: Xen offers no uncore frequency");
    return success({ values, missing, restored: {} });
  }

  readMore(): Result<Values, Errno> {
    return this.read();
  }

  write(values: Values): SettingRefused | undefined {
    return writeXen(this.#means.pm, this.#pcpu, values);
  }

  baseline(saved: Values | undefined): Result<Khz | undefined, Errno> {
    const { pm } = this.#means;
    const errno = pm.look(this.#pcpu);
    if (errno !== undefined) return failure(errno);
    const governor = saved?.["governor"] ?? pm.governor;
    if (governor === USERSPACE) return success(Number(saved?.["speed"] ?? pm.currentKhz));
    return success(governor === "powersave" ? pm.minKhz : pm.maxKhz);
  }

  expected(speed: SpeedSetting): readonly Expectation[] {
    const khz = khzOf(this.#means.speeds, speed);
    return [
      { name: "governor", ours: USERSPACE },
      { name: "speed", ours: `${khz}` },
      // Xen keeps a speed within these limits.
      { name: "lowest", ours: `at most ${khz}`, fits: (found) => !(found > khz) },
      { name: "highest", ours: `at least ${khz}`, fits: (found) => !(found < khz) },
    ];
  }

  peek(name: string): string {
    const { pm } = this.#means;
    const errno = pm.look(this.#pcpu);
    if (errno !== undefined) return errno;
    switch (name) {
      case "governor":
        return pm.governor;
      case "lowest":
        return `${pm.minKhz}`;
      case "highest":
        return `${pm.maxKhz}`;
      default:
        return `${pm.currentKhz}`;
    }
  }

  /** Xen makes no policy anew under another's number while it runs. */
  isThere(): boolean {
    return true;
  }

  open(): Result<OpenScope, SettingRefused> {
    const { pm, readBack, speeds } = this.#means;
    const khz = (speed: SpeedSetting) => khzOf(speeds, speed);
    return success(openXenScope({ pm, readBack, pcpu: this.#pcpu, khz }));
  }
}

/** Writes saved settings. Under userspace a speed is one; the other governors choose it. */
export function writeXen(pm: XenPm, pcpu: Pcpu, values: Values): SettingRefused | undefined {
  const unread = pm.look(pcpu);
  if (unread !== undefined) return { name: "governor", errno: unread };
  const { governor, speed } = values;
  if (governor !== undefined && governor !== pm.governor) {
    const errno = pm.setGovernor(pcpu, governor);
    if (errno !== undefined) return { name: "governor", errno };
  }
  if (speed === undefined) return undefined;
  const errno = pm.setSpeed(pcpu, Number(speed));
  return errno === undefined ? undefined : { name: "speed", errno };
}

function khzOf(speeds: readonly Khz[], speed: SpeedSetting): Khz {
  return typeof speed === "number" ? (speeds[speed] as Khz) : speed.khz;
}
