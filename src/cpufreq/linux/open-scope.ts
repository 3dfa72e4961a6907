import type { OpenScope, OpenSetting, SettingRefused } from "../port.ts";
import type { Disk } from "./disk.ts";
import type { ScalingDriver } from "./driver.ts";
import { type OpenFile, openFile, openSpeedFiles, type SpeedText, textOf } from "./speed-files.ts";

/** What a cpufreq policy is opened with. */
export interface OpenScopeOptions {
  readonly disk: Disk;
  readonly path: string;
  readonly scaling: ScalingDriver;
  /** As the entries of its clock's table. */
  readonly speeds: readonly SpeedText[];
}

/** Opens the files of a cpufreq policy, all of them or none, and changes nothing. */
export function openScope({ disk, path, scaling, speeds }: OpenScopeOptions): OpenScope | SettingRefused {
  const governor = openFile(disk, path, "scaling_governor");
  if ("errno" in governor) return governor;
  const speedFiles = openSpeedFiles(disk, path, scaling.files);
  if ("errno" in speedFiles) {
    governor.attribute.close();
    return speedFiles;
  }
  const ours = new TextEncoder().encode(scaling.governor);
  const { write } = speedFiles;

  function govern(): SettingRefused | undefined {
    const { attribute, name } = governor as OpenFile;
    const unread = attribute.read();
    if (unread === undefined && attribute.text().trimEnd() === scaling.governor) return undefined;
    const errno = unread ?? attribute.write(ours);
    return errno === undefined ? undefined : { name, errno };
  }

  return {
    settings: [
      watched(governor, () => scaling.governor),
      ...speedFiles.files.map((file) => watched(file, (speed) => textOf(speeds, speed).text)),
    ],
    prepare: govern,
    set(speed) {
      const text = textOf(speeds, speed);
      const refused = write(text);
      // Under another governor the kernel takes no speed: somebody switched it.
      return refused?.errno === "EINVAL" ? (govern() ?? write(text)) : refused;
    },
    close() {
      for (const file of [governor, ...speedFiles.files]) file.attribute.close();
    },
  };
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
