import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { systemErrorCode, systemErrorText } from "../base/system-error.ts";
import { APP_KEYS } from "./app-keys.ts";
import { checkConfig } from "./check.ts";
import { type ConfigHost, checkOnHost } from "./check-host.ts";
import type { Config } from "./config.ts";
import { rulesOf } from "./contract/rules.ts";
import { FILE_BYTES_MAX, readIni } from "./ini.ts";
import { KEYS } from "./keys.ts";
import { listSettings } from "./listing.ts";
import { type Problem, problem } from "./problem.ts";
import { schedulesOf } from "./schedule/schedules.ts";
import { emptyGathered, type Gathered, gather, valuesOf } from "./settings.ts";

/** The default path. Only for this one a missing file means defaults. */
export const DEFAULT_CONFIG_PATH = "/etc/vm-power.conf";

/** The most drop-ins that are read from `<path>.d`. */
const DROP_INS_MAX = 256;

/** Options of {@link loadConfig}. */
export interface LoadOptions {
  readonly defaultPath?: string;
  /** The host to compare with, if the configuration is for this host. */
  readonly host?: ConfigHost;
}

/** The result of reading the files. */
export type Loaded =
  | { readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] };

/**
 * Reads the configuration file, then `<path>.d/*.conf` in the order of their names. A later file replaces single keys.
 * All problems are collected; with one error among them there is no configuration.
 */
export function loadConfig(path: string, options: LoadOptions = {}): Loaded {
  const { config, problems } = readConfig(path, options);
  return problems.some(({ severity }) => severity === "error")
    ? { problems }
    : { config, warnings: problems };
}

/** Reads like {@link loadConfig}, but always returns a configuration: keys with errors are left out. */
export function readConfig(
  path: string,
  { defaultPath = DEFAULT_CONFIG_PATH, host }: LoadOptions = {},
): { readonly config: Config; readonly problems: readonly Problem[] } {
  const gathered = emptyGathered();
  const problems: Problem[] = [];
  const dropIns = listDropIns(`${path}.d`, problems);
  for (const file of [path, ...dropIns]) {
    const content = readBounded(file, { mayBeMissing: file === path && path === defaultPath });
    if (typeof content === "string") {
      problems.push(problem({ file, line: 0 }, content));
      continue;
    }
    const ini = readIni(content, file);
    problems.push(...[...ini.problems, ...gather(ini, file, gathered)].sort((a, b) => a.line - b.line));
  }
  const config = toConfig(gathered);
  problems.push(...checkConfig(config, gathered));
  if (host !== undefined) problems.push(...checkOnHost(config, gathered, host, path));
  return { config, problems };
}

function toConfig(gathered: Gathered): Config {
  const { sections, vms, patterns, classes, states } = gathered;
  const daemon = valuesOf(KEYS.daemon, sections.get("daemon"));
  const has = (key: string) => sections.get("daemon")?.has(key) === true;
  const { runtimeDirectory } = daemon;
  const controlSocket = has("ControlSocket") ? daemon.controlSocket : `${runtimeDirectory}/control.sock`;
  const monitorSocket = has("MonitorSocket") ? daemon.monitorSocket : `${runtimeDirectory}/monitor.sock`;
  const ours = { ...daemon, controlSocket, monitorSocket };
  return {
    daemon: ours,
    channels: valuesOf(KEYS.channels, sections.get("channels")),
    cpufreq: valuesOf(KEYS.cpufreq, sections.get("cpufreq")),
    hypervisor: valuesOf(KEYS.hypervisor, sections.get("hypervisor")),
    metrics: valuesOf(KEYS.metrics, sections.get("metrics")),
    energy: valuesOf(KEYS.energy, sections.get("energy")),
    schedule: valuesOf(KEYS.schedule, sections.get("schedule")),
    schedules: schedulesOf(gathered),
    rules: rulesOf({ named: vms, patterns, classes, states }),
    apps: [...gathered.apps].map(([name, settings]) => ({ name, ...valuesOf(APP_KEYS, settings) })),
    listing: listSettings(ours, gathered),
  };
}

function listDropIns(directory: string, problems: Problem[]): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    // ENOTDIR is reported: the operator wanted the directory to be read.
    if (systemErrorCode(error) !== "ENOENT") {
      problems.push(
        problem({ file: directory, line: 0 }, `Cannot list the directory: ${systemErrorText(error)}`),
      );
    }
    return [];
  }
  const files = names.filter((name) => name.endsWith(".conf") && !name.startsWith(".")).sort();
  if (files.length > DROP_INS_MAX) {
    const message = `The directory contains ${files.length} files, more than ${DROP_INS_MAX}`;
    problems.push(problem({ file: directory, line: 0 }, message));
  }
  return files.slice(0, DROP_INS_MAX).map((name) => `${directory}/${name}`);
}

/** Returns the file's bytes (one more than allowed if it is too long), or why it cannot be read. */
function readBounded(file: string, { mayBeMissing }: { mayBeMissing: boolean }): Uint8Array | string {
  let fd: number;
  try {
    // Opening a FIFO would wait until another process writes to it.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT")
      return mayBeMissing ? new Uint8Array() : "There is no such file: make it, or name another one";
    return `Cannot open the file: ${systemErrorText(error)}`;
  }
  try {
    if (!fstatSync(fd).isFile()) return "This is not a regular file";
    const buffer = new Uint8Array(FILE_BYTES_MAX + 1);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < buffer.length; filled += read) {
      read = readSync(fd, buffer, filled, buffer.length - filled, null);
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    return `Cannot read the file: ${systemErrorText(error)}`;
  } finally {
    closeSync(fd);
  }
}
