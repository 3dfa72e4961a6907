import type { SpeedSetting } from "../../base/clock.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import type { Errno } from "../../os/errno.ts";
import type { OpenScope, OpenSetting, SettingRefused } from "../port.ts";
import type { ReadBack } from "../read-back.ts";
import type { XenPm } from "./pm.ts";
import { USERSPACE } from "./survey.ts";

/** What is needed to set speeds of a policy. */
interface OpenXenScopeOptions {
  readonly pm: XenPm;
  readonly readBack: ReadBack;
  /** The CPU that stands for the policy. */
  readonly pcpu: Pcpu;
  readonly khz: (speed: SpeedSetting) => Khz;
}

/** Makes a policy ready for speeds, and changes nothing. */
export function openXenScope({ pm, readBack, pcpu, khz }: OpenXenScopeOptions): OpenScope {
  const governor = new ReadSetting(
    () => pm.look(pcpu),
    () => pm.governor,
  );
  const speed = new ReadSetting(
    () => pm.look(pcpu),
    () => pm.currentKhz,
  );
  let ours = USERSPACE;

  function govern(): SettingRefused | undefined {
    const unread = pm.look(pcpu);
    const errno = unread ?? (pm.governor === ours ? undefined : pm.setGovernor(pcpu, ours));
    governor.written(readBack);
    return errno === undefined ? undefined : { name: "governor", errno };
  }

  function setKhz(value: Khz): SettingRefused | undefined {
    const errno = pm.setSpeed(pcpu, value);
    speed.written(readBack);
    return errno === undefined ? undefined : { name: "speed", errno };
  }

  return {
    settings: [governor.as("governor", () => ours), speed.as("speed", (setting) => `${khz(setting)}`)],
    prepare(extras) {
      ours = extras["governor"] ?? USERSPACE;
      return govern();
    },
    set(setting) {
      const value = khz(setting);
      const refused = setKhz(value);
      // Another program has switched the governor; under another one Xen takes no speed.
      return refused?.errno === "EINVAL" ? (govern() ?? setKhz(value)) : refused;
    },
    close() {},
  };
}

/** A setting as it was read last. */
class ReadSetting {
  readonly #look: () => Errno | undefined;
  readonly #value: () => string | number;
  #seen: string | number = "";
  #isOld = false;

  constructor(look: () => Errno | undefined, value: () => string | number) {
    this.#look = look;
    this.#value = value;
  }

  /** It was written, and will be read at the end of the turn. */
  written(readBack: ReadBack): void {
    if (!this.#isOld) readBack.add(this);
    this.#isOld = true;
  }

  readBack(): void {
    if (this.#isOld) this.#read();
  }

  #read(): Errno | undefined {
    const errno = this.#look();
    if (errno === undefined) this.#seen = this.#value();
    // What was read before our write is not Xen's rounding of it.
    else if (this.#isOld) this.#seen = "";
    this.#isOld = false;
    return errno;
  }

  as(name: string, ours: OpenSetting["ours"]): OpenSetting {
    return {
      name,
      ours,
      isUnchanged: () => {
        this.readBack();
        return this.#look() === undefined && this.#value() === this.#seen;
      },
      read: () => this.#read(),
      text: () => {
        this.readBack();
        return `${this.#seen}`;
      },
    };
  }
}
