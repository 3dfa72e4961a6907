import type { Disk } from "./disk.ts";
import type { ScalingDriver } from "./driver.ts";
import { type FileRefused, type OpenFile, openFile, openSpeedFiles, type SpeedText } from "./speed-files.ts";

/** A sysfs cpufreq policy whose files are kept open because we hold it. */
export interface OpenPolicy {
  /** Every file that must go on saying what we wrote. */
  readonly files: readonly OpenFile[];
  /** Puts it under our governor, unless it is. */
  govern(): FileRefused | undefined;
  write(speed: SpeedText): FileRefused | undefined;
  close(): void;
}

/** Opens the files of a cpufreq policy, all of them or none, and changes nothing. */
export function openPolicy(disk: Disk, path: string, scaling: ScalingDriver): OpenPolicy | FileRefused {
  const governor = openFile(disk, path, "scaling_governor");
  if ("errno" in governor) return governor;
  const speed = openSpeedFiles(disk, path, scaling.files);
  if ("errno" in speed) {
    governor.attribute.close();
    return speed;
  }
  const ours = new TextEncoder().encode(scaling.governor);
  return {
    files: [governor, ...speed.files],
    govern() {
      const { attribute, name } = governor;
      const unread = attribute.read();
      if (unread === undefined && attribute.text().trimEnd() === scaling.governor) return undefined;
      const errno = unread ?? attribute.write(ours);
      return errno === undefined ? undefined : { file: name, errno };
    },
    write: speed.write,
    close() {
      for (const file of [governor, ...speed.files]) file.attribute.close();
    },
  };
}
