import { type Result, success } from "../../base/result.ts";
import type { OpenScope, OpenSetting, SettingRefused } from "../port.ts";
import type { Disk } from "./disk.ts";
import type { ScalingDriver } from "./driver.ts";
import { type OpenFile, openFile, openSpeedFiles, type SpeedText, textOf } from "./speed-files.ts";

/** What is needed to open a cpufreq policy. */
export interface OpenScopeOptions {
  readonly disk: Disk;
  readonly path: string;
  readonly scaling: ScalingDriver;
  /** One for each entry of the clock's table. */
  readonly speeds: readonly SpeedText[];
}

/** Opens all files of a cpufreq policy, or none, and changes nothing. */
export function openScope({
  disk,
  path,
  scaling,
  speeds,
}: OpenScopeOptions): Result<OpenScope, SettingRefused> {
  const openedGovernor = openFile(disk, path, "scaling_governor");
  if (!openedGovernor.ok) return openedGovernor;
  const governor = openedGovernor.value;
  const speedFiles = openSpeedFiles(disk, path, scaling.files);
  if (!speedFiles.ok) {
    governor.attribute.close();
    return speedFiles;
  }
  let ours: string = scaling.governor;
  const { files, write } = speedFiles.value;

  function govern(): SettingRefused | undefined {
    const { attribute, name } = governor;
    const unread = attribute.read();
    if (unread === undefined && attribute.text().trimEnd() === ours) return undefined;
    const errno = unread ?? attribute.write(new TextEncoder().encode(ours));
    return errno === undefined ? undefined : { name, errno };
  }

  return success({
    settings: [
      watched(governor, () => ours),
      ...files.map((file) => watched(file, (speed) => textOf(speeds, speed).text)),
    ],
    prepare(extras) {
      ours = extras["scaling_governor"] ?? scaling.governor;
      return govern();
    },
    set(speed) {
      const text = textOf(speeds, speed);
      const refused = write(text);
      // Another program has switched the governor; under another one the kernel takes no speed.
      return refused?.errno === "EINVAL" ? (govern() ?? write(text)) : refused;
    },
    close() {
      for (const file of [governor, ...files]) file.attribute.close();
    },
  });
}

function watched({ name, attribute }: OpenFile, ours: OpenSetting["ours"]): OpenSetting {
  return {
    name,
    ours,
    isUnchanged: () => attribute.isUnchanged(),
    read: () => attribute.read(),
    text: () => attribute.text(),
  };
}
