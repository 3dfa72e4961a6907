import { accessSync, constants, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode, systemErrorText } from "../base/system-error.ts";

/** A directory for the program's own files, and the key that sets it. */
export interface OwnDirectory {
  readonly path: string;
  readonly mode: number;
  /** The key of the configuration, for messages. */
  readonly key: string;
}

/**
 * Makes a directory if it is missing, and checks that files can be made in it. Throws an error with the key and the
 * remedy.
 */
export function makeOwnDirectory({ path, mode, key }: OwnDirectory): void {
  try {
    mkdirSync(path, { recursive: true, mode });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST")
      throw new Error(`${key}="${path}" is not a directory: remove that file, or name another directory`);
    throw new Error(`Cannot use ${key}="${path}": ${systemErrorText(error)}; ${remedyFor(error, key)}`);
  }
}

/** Why no file can be made in the directory of this path; undefined if it can. */
export function whyNotWritable(path: string): string | undefined {
  const directory = dirname(path);
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT")
      return `there is no directory "${directory}": make it, or name another`;
    return `${systemErrorText(error)} in "${directory}": run vm-power as its owner or as root`;
  }
}

function remedyFor(error: unknown, key: string): string {
  const code = systemErrorCode(error);
  if (code === "EACCES" || code === "EPERM")
    return `start vm-power by systemd or as root, or set ${key} to a directory of this user`;
  if (code === "EROFS")
    return `set ${key} to a directory that is writable (under systemd, see ReadWritePaths=)`;
  return `set ${key} to another directory`;
}
