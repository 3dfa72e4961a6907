import fs from "node:fs";
import { join } from "node:path";
import type { Khz } from "../../src/base/domain.ts";
import { failure, success } from "../../src/base/result.ts";
import type { Cpufreq, Drift } from "../../src/cpufreq/cpufreq.ts";
import { type HoldOptions, openClocks } from "../../src/cpufreq/host-clocks.ts";
import type { Answer, Backend, ListedClock, Scope, Values } from "../../src/cpufreq/port.ts";
import { FILE_CALLS, type FileCalls } from "../../src/os/file-calls.ts";
import { makeMemoryDirectory } from "./memory-directory.ts";
import { logInto } from "./test-host.ts";

const KHZ: readonly Khz[] = [3_000_000, 2_000_000, 1_000_000];

/** A host in memory whose back end answers at once. Scope `s1` has the settings `mode`, `speed` and `knob`. */
export interface QuickHost extends Disposable {
  /** The settings by scope. */
  readonly of: Record<string, Record<string, string>>;
  /** Changes and other calls that were made, in order: `s0 speed=2000000`, `s0 open`. */
  readonly done: string[];
  readonly lines: string[];
  readonly drifts: Drift[];
  /** How often all was listed, and how often clocks changed. */
  readonly counts: { lists: number; changes: number };
  /** Why a call fails, by what is done: `s0 speed=2000000`, `s0 read`. */
  fails: (what: string) => string | undefined;
  /** What the kernel makes of a text that is written. */
  rounds: (text: string) => string;
  /** The scopes of each clock, by the number of the clock. */
  clocks: Record<number, readonly string[]>;
  baselines: Record<string, Khz | undefined>;
  gone: readonly string[];
  hasChanged: boolean;
  readonly backend: Backend;
  readonly journalDirectory: string;
  open(options?: Partial<HoldOptions>, files?: Partial<FileCalls>): Cpufreq;
  journal(): Record<string, unknown>;
  /** Takes what was done since the last time; without a pattern only what changes something, and opening and closing. */
  take(what?: RegExp): string[];
}

export function quickHost(clocks: Record<number, readonly string[]>): QuickHost {
  const directory = makeMemoryDirectory("quick");
  const journalDirectory = join(directory, "journal");
  const host: QuickHost = {
    ...{ of: {}, done: [], lines: [], drifts: [], counts: { lists: 0, changes: 0 } },
    ...{ fails: () => undefined, rounds: (text) => text, clocks, baselines: {}, gone: [], hasChanged: false },
    backend: backendOf(() => host),
    journalDirectory,
    open(options = {}, files = {}) {
      const all = { onExit: "restore", onDrift: "reassert", journalDirectory, ...options } as const;
      const events = {
        clocksChanged: () => void host.counts.changes++,
        drift: (drift: Drift) => void host.drifts.push(drift),
      };
      const means = { backend: host.backend, files: { ...FILE_CALLS, ...files } };
      return openClocks(means, { ...all, log: logInto(host.lines) }, events);
    },
    journal() {
      const names = fs.existsSync(journalDirectory) ? fs.readdirSync(journalDirectory).sort() : [];
      return Object.fromEntries(
        names.map((name) => [name, JSON.parse(fs.readFileSync(join(journalDirectory, name), "utf8"))]),
      );
    },
    take: (what = /^s\d (prepare|set|write|open|close)/) =>
      host.done.splice(0).filter((each) => what.test(each)),
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true }),
  };
  return host;
}

function backendOf(host: () => QuickHost): Backend {
  return {
    slow: false,
    list() {
      host().counts.lists++;
      const listed = Object.entries(host().clocks).map(([id, scopes]): ListedClock => {
        const table = { speeds: KHZ.map((khz) => ({ khz, peerKhz: khz })), turbo: undefined };
        const common = { driver: "quick", table, anySpeed: Number(id) >= 5, priority: new Set<number>() };
        const pcpus = [Number(id)];
        return {
          id: Number(id),
          pcpus,
          ...common,
          scopes: scopes.map((name) => scopeOf(host, name)),
          key: id,
        };
      });
      return { clocks: listed, unmanaged: [], uncores: [{ clock: 0, pcpus: [0, 1] }], warnings: [] };
    },
    hasChanged: () => host().hasChanged,
    observe: () => undefined,
    find({ scope }) {
      const why = host().fails(`${scope} find`);
      return why === undefined ? success(scopeOf(host, scope)) : failure(`${scope}: ${why}`);
    },
    journal: {
      fileOf: (name) => name,
      scopeOf: (file) => (/^s\d$/.test(file) ? file : undefined),
      isValue: (name) => ["mode", "speed", "knob"].includes(name),
    },
  };
}

function scopeOf(host: () => QuickHost, name: string): Scope {
  host().of[name] ??= { mode: "auto", speed: "3000000", knob: "0" };
  const settings = host().of[name] as Record<string, string>;
  /** Makes a call, unless it fails. */
  const call = <T>(what: string, go: () => T) => {
    host().done.push(`${name} ${what}`);
    const errno = host().fails(`${name} ${what}`);
    return errno === undefined ? success(go()) : failure(errno);
  };
  const write = (values: Values, what = "write"): Answer => {
    const text = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    const written = call([what, ...text].join(" "), () => {
      for (const [key, value] of Object.entries(values)) settings[key] = host().rounds(value);
    });
    return written.ok ? undefined : { name: Object.keys(values)[0] ?? "", errno: written.why };
  };
  return {
    ...{ name, label: name, pcpus: [Number(name.slice(1))], needed: ["mode"] },
    read: () => call("read", () => ({ mode: settings["mode"], speed: settings["speed"] }) as Values),
    extras: ({ resumeLatencyUs, epp, governors }, at, saved) =>
      call(`extras ${at}`, () => {
        const knob = resumeLatencyUs === undefined ? undefined : { knob: `${resumeLatencyUs}` };
        const mode = governors && { mode: governors.join() };
        const restored = saved["knob"] !== undefined && knob === undefined ? { knob: saved["knob"] } : {};
        return { values: { ...knob, ...mode }, restored, missing: epp === undefined ? [] : [`no ${epp}`] };
      }),
    readMore: (names) =>
      call("readMore", () =>
        Object.fromEntries(
          names.flatMap((each) => (settings[each] === undefined ? [] : [[each, settings[each]]])),
        ),
      ),
    write: (values) => write(values),
    baseline: () => call("baseline", () => (name in host().baselines ? host().baselines[name] : 3_000_000)),
    expected: (speed) => [
      { name: "mode", ours: "manual" },
      { name: "speed", ours: `${KHZ[speed as number]}` },
    ],
    peek: (each) => settings[each] ?? "ENOENT",
    isThere: () => !host().gone.includes(name),
    open() {
      const seen: Record<string, string> = { ...settings };
      const look = () => void Object.assign(seen, settings);
      const of = (each: "mode" | "speed") => ({
        name: each,
        ours: (speed: unknown) => (each === "mode" ? "manual" : `${KHZ[speed as number]}`),
        isUnchanged: () => settings[each] === seen[each],
        read() {
          const read = call(`read ${each}`, () => {
            seen[each] = settings[each] as string;
          });
          return read.ok ? undefined : read.why;
        },
        text: () => seen[each] as string,
      });
      const opened = call("open", () => ({
        settings: [of("mode"), of("speed")],
        prepare(extras: Values) {
          const refused = write({ mode: "manual", ...extras }, "prepare");
          look();
          return refused;
        },
        set(speed: unknown) {
          const text = typeof speed === "number" ? `${KHZ[speed]}` : JSON.stringify(speed);
          const refused = write({ speed: text }, "set");
          look();
          return refused;
        },
        close: () => void host().done.push(`${name} close`),
      }));
      return opened.ok ? opened : failure({ name: "", errno: opened.why });
    },
  };
}
