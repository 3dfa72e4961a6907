import type { SpeedSetting } from "../../base/clock.ts";
import type { Khz } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { SettingRefused } from "../port.ts";
import type { Attribute, Disk } from "./disk.ts";
import type { SpeedFilesKind } from "./driver.ts";
import type { ManagedFile } from "./originals.ts";

/** A speed as it is written to the kernel: text without a newline, made once for each entry of a table. */
export interface SpeedText {
  readonly khz: Khz;
  readonly text: string;
  readonly data: Uint8Array;
}

/** Formats a speed. */
export function speedText(khz: Khz): SpeedText {
  return { khz, text: `${khz}`, data: new TextEncoder().encode(`${khz}`) };
}

/** The text of a speed: of an entry, or formatted now for a speed between two. */
export function textOf(speeds: readonly SpeedText[], speed: SpeedSetting): SpeedText {
  return typeof speed === "number" ? (speeds[speed] as SpeedText) : speedText(speed.khz);
}

/** One managed file that is kept open. */
export interface OpenFile {
  readonly name: ManagedFile;
  readonly attribute: Attribute;
}

/** The files of one cpufreq policy that carry its speed. */
interface SpeedFiles {
  readonly files: readonly OpenFile[];
  write(speed: SpeedText): SettingRefused | undefined;
}

/** Opens all speed files of a directory, or none. */
export function openSpeedFiles(
  disk: Disk,
  path: string,
  kind: SpeedFilesKind,
): Result<SpeedFiles, SettingRefused> {
  return kind === "setspeed" ? openSetspeed(disk, path) : openMinMax(disk, path);
}

function openSetspeed(disk: Disk, path: string): Result<SpeedFiles, SettingRefused> {
  const opened = openFile(disk, path, "scaling_setspeed");
  if (!opened.ok) return opened;
  const setspeed = opened.value;
  return success({ files: [setspeed], write: (speed) => writeFile(setspeed, speed.data) });
}

function openMinMax(disk: Disk, path: string): Result<SpeedFiles, SettingRefused> {
  const openedMin = openFile(disk, path, "scaling_min_freq");
  if (!openedMin.ok) return openedMin;
  const min = openedMin.value;
  const openedMax = openFile(disk, path, "scaling_max_freq");
  if (!openedMax.ok) {
    min.attribute.close();
    return openedMax;
  }
  const max = openedMax.value;
  return success({
    files: [min, max],
    write(speed) {
      // The order follows the current content, not what we wrote last: another program may have changed it, and the
      // kernel refuses a lower limit above the higher one.
      const errno = max.attribute.read();
      if (errno !== undefined) return { name: max.name, errno };
      const upward = speed.khz > max.attribute.number();
      return writeFile(upward ? max : min, speed.data) ?? writeFile(upward ? min : max, speed.data);
    },
  });
}

/** Opens one managed file. */
export function openFile(disk: Disk, path: string, name: ManagedFile): Result<OpenFile, SettingRefused> {
  const opened = disk.open(`${path}/${name}`);
  return opened.ok ? success({ name, attribute: opened.value }) : failure({ name, errno: opened.why });
}

function writeFile(file: OpenFile, data: Uint8Array): SettingRefused | undefined {
  const errno = file.attribute.write(data);
  return errno === undefined ? undefined : { name: file.name, errno };
}
