import fs from "node:fs";
import { dirname, join } from "node:path";
import type { Log, LogLevel } from "../../src/base/log.ts";
import { success } from "../../src/base/result.ts";
import type { Cpufreq, Drift } from "../../src/cpufreq/cpufreq.ts";
import type { Disk } from "../../src/cpufreq/linux/disk.ts";
import { kernelDisk } from "../../src/cpufreq/linux/kernel-disk.ts";
import { type CpufreqOptions, openCpufreq, openCpufreqOn } from "../../src/cpufreq/linux/open.ts";
import { FILE_CALLS } from "../../src/os/file-calls.ts";
import { type CpufreqTree, makeCpufreqTree, type TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { makeMemoryDirectory } from "./memory-directory.ts";

/** The table of the measurements with DPDK's host. */
export const ACPI_KHZ = [2301000, 2300000, 2000000, 1700000, 1400000, 1200000];

/** A simulated host in a directory of its own, removed at the end of the test. */
export interface TestHost extends Disposable {
  readonly root: string;
  readonly journalDirectory: string;
  readonly tree: CpufreqTree;
  readonly log: Log;
  readonly lines: string[];
  readonly drifts: Drift[];
  /** How often `clocksChanged` was called. */
  changes: number;
  open(options?: Partial<CpufreqOptions>, disk?: Disk): Cpufreq;
  /** Everything in the tree: file contents and link targets by path. */
  snapshot(): Record<string, string>;
  journal(): string[];
  /** Writes a file below the root; undefined removes it. */
  put(file: string, text: string | undefined): void;
}

export function testHost(groups: readonly TreeCpus[]): TestHost {
  const directory = makeMemoryDirectory("cpufreq");
  const root = join(directory, "cpu");
  const journalDirectory = join(directory, "journal");
  const lines: string[] = [];
  const host: TestHost = {
    root,
    journalDirectory,
    tree: makeCpufreqTree(root, groups),
    log: logInto(lines),
    lines,
    drifts: [],
    changes: 0,
    open(options = {}, disk) {
      const all: CpufreqOptions = {
        root,
        managed: "all",
        onExit: "restore",
        onDrift: "reassert",
        journalDirectory,
        log: host.log,
        ...options,
      };
      const events = {
        clocksChanged: () => void host.changes++,
        drift: (drift: Drift) => host.drifts.push(drift),
      };
      return disk === undefined ? openCpufreq(all, events) : openCpufreqOn(disk, all, events);
    },
    snapshot: () => snapshot(root),
    journal: () => (fs.existsSync(journalDirectory) ? fs.readdirSync(journalDirectory).sort() : []),
    put(file, text) {
      const path = join(root, file);
      fs.mkdirSync(dirname(path), { recursive: true });
      if (text === undefined) fs.rmSync(path, { force: true, recursive: true });
      else fs.writeFileSync(path, `${text}\n`);
    },
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }),
  };
  return host;
}

export function logInto(lines: string[]): Log {
  const at = (level: LogLevel) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    error: at("error"),
    warning: at("warning"),
    notice: at("notice"),
    info: at("info"),
    debug: at("debug"),
  };
}

function snapshot(directory: string, under = ""): Record<string, string> {
  const found: Record<string, string> = {};
  // Not `recursive`: Bun then walks through symbolic links.
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    const name = `${under}/${entry.name}`;
    if (entry.isSymbolicLink()) found[name] = `-> ${fs.readlinkSync(path)}`;
    else if (entry.isDirectory()) Object.assign(found, snapshot(path, name));
    else found[name] = fs.readFileSync(path, "latin1");
  }
  return found;
}

/** One change of a file. */
export interface Change {
  readonly kind: "write" | "create" | "rename" | "remove";
  /** The last part of the path, with its directory. */
  readonly file: string;
  /** What is written. */
  readonly text: string;
}

/** A real disk that calls `before` ahead of each change, which may throw (a crash) or return an errno (a refusal). */
export function watchedDisk(
  root: string,
  before: (change: Change) => string | undefined,
  after?: () => void,
): Disk {
  const disk = kernelDisk(root);
  const ask = (kind: Change["kind"], path: string, text: string, go: () => string | undefined) => {
    const errno = before({ kind, file: path.split("/").slice(-2).join("/"), text }) ?? go();
    after?.();
    return errno;
  };
  /** Does what {@link ask} does, for calls that throw their errno. */
  const call = <T>(kind: Change["kind"], path: string, go: () => T): T => {
    let answer: T | undefined;
    const errno = ask(kind, path, "", () => {
      answer = go();
      return undefined;
    });
    if (errno !== undefined) throw Object.assign(new Error(errno), { code: errno });
    return answer as T;
  };
  return {
    open(path) {
      const opened = disk.open(path);
      if (!opened.ok) return opened;
      const attribute = opened.value;
      return success({
        write: (data) => ask("write", path, new TextDecoder().decode(data), () => attribute.write(data)),
        read: () => attribute.read(),
        isUnchanged: () => attribute.isUnchanged(),
        text: () => attribute.text(),
        number: () => attribute.number(),
        close: () => attribute.close(),
      });
    },
    files: {
      ...FILE_CALLS,
      openSync(path, ...how) {
        const open = () => FILE_CALLS.openSync(path, ...how);
        // If the directory is still missing, nothing can change.
        return fs.existsSync(dirname(path)) ? call("create", path, open) : open();
      },
      renameSync: (from, to) => call("rename", to, () => FILE_CALLS.renameSync(from, to)),
      unlinkSync: (path) => call("remove", path, () => FILE_CALLS.unlinkSync(path)),
    },
  };
}
