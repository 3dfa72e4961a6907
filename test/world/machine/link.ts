import path from "node:path";
import util from "node:util";
import { fileSystem } from "./file-system.ts";
import { foreignFunctions } from "./libc.ts";
import type { Program } from "./program.ts";
import { PURE_GLOBALS, PURE_MODULES } from "./pure.ts";
import { connect, listen } from "./runtime-sockets.ts";

const ROOT = path.join(import.meta.dir, "../../..");

/** The version of the world's kernel. */
const KERNEL = "6.12.0";

/** What the world runs of the daemon: the program from its configuration file to its exit status, and `restore`. */
interface DaemonProgram {
  serve(configPath: string): Promise<number>;
  restoreCommand(configPath: string, options: { readonly kept: boolean }): Promise<number>;
}

/** Starts the program in a process of the world. Each start has module variables of its own. */
type Start = (program: Program) => DaemonProgram;

/** A line of the sources that is replaced before the program is linked. */
export interface Planted {
  readonly file: string;
  readonly line: string;
  readonly instead: string;
}

/** The parts of the program that reach for the runtime, as text: every module, and every name of a global. */
export interface Linked {
  readonly start: Start;
  readonly modules: ReadonlySet<string>;
  readonly code: string;
}

/**
 * Links the daemon's sources with the world in place of the runtime. They become the body of one function, whose
 * parameters are every name that the runtime has: the world's own version, or one that throws. So nothing of the daemon
 * can reach a real clock, timer, file or socket, and what runs is the program that ships, line by line.
 */
export async function link(planted?: Planted): Promise<Linked> {
  const built = await Bun.build({
    entrypoints: [path.join(import.meta.dir, "entry.ts")],
    format: "cjs",
    target: "bun",
    plugins: planted === undefined ? [] : [plant(planted)],
  });
  const [output] = built.outputs;
  if (!built.success || output === undefined)
    throw new Error(`Cannot link the daemon: ${built.logs.join("\n")}`);
  const code = await output.text();
  const names = Object.getOwnPropertyNames(globalThis).filter(
    (name) => /^[A-Za-z_$][\w$]*$/.test(name) && !PURE_GLOBALS.has(name) && name !== "eval",
  );
  // The first line is a comment of the linker.
  const make = new Function(...names, `return (${code.slice(code.indexOf("\n"))})`);
  const traps = names.map(trap);
  const modules = new Set([...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name as string));
  return {
    modules,
    code,
    start(program) {
      const given = globalsOf(program);
      const module = { exports: {} as DaemonProgram };
      const load = make(...names.map((name, i) => given[name] ?? traps[i]));
      load(module.exports, requireIn(program), module, "", "");
      return module.exports;
    },
  };
}

/** Gives a program the same module each time: the linker copies the names of each that it has not seen. */
function requireIn(program: Program): (name: string) => unknown {
  const given = new Map<string, unknown>();
  return (name) => {
    if (!given.has(name)) given.set(name, moduleOf(name, program));
    return given.get(name);
  };
}

function moduleOf(name: string, program: Program): unknown {
  const wanted = name.replace(/^node:/, "");
  if (PURE_MODULES.has(wanted)) return wanted === "path" ? path : util;
  if (wanted === "fs") return withTraps("node:fs", fileSystem(program));
  if (wanted === "bun:ffi") return withTraps("bun:ffi", foreignFunctions(program));
  if (wanted === "os") return withTraps("node:os", { release: () => KERNEL });
  throw new Error(`The world has no module "${name}"`);
}

/** The globals of a program. */
function globalsOf(program: Program): Readonly<Record<string, unknown>> {
  const { machine, owner } = program;
  const { timeline } = machine;
  const cancelled = (entry: unknown) => {
    if (typeof entry === "object" && entry !== null) (entry as { run: unknown }).run = undefined;
  };
  const later = (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) => {
    program.call();
    return timeline.after(Math.max(1, delayMs), () => program.enter(() => run(...args)), program);
  };
  const wallMs = () => timeline.wallMs;
  const WorldDate = new Proxy(Date, {
    construct: (target, args) => (args.length === 0 ? new target(wallMs()) : Reflect.construct(target, args)),
    get: (target, key) => (key === "now" ? wallMs : Reflect.get(target, key)),
  });
  return {
    setTimeout: later,
    clearTimeout: cancelled,
    setImmediate: (run: () => void) => timeline.soon(() => program.enter(run)),
    setInterval(run: () => void, everyMs: number) {
      const again = () => {
        if (handle.run === undefined) return;
        program.enter(run);
        timeline.after(everyMs, again);
      };
      const handle = { run: run as (() => void) | undefined };
      timeline.after(everyMs, again);
      return handle;
    },
    clearInterval: cancelled,
    queueMicrotask: (run: () => void) => queueMicrotask(() => program.enter(run)),
    performance: withTraps("performance", { now: () => timeline.nowMs - program.startedMs }),
    Date: WorldDate,
    process: withTraps("process", {
      platform: "linux",
      pid: owner.pid,
      env: { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "30000000", WATCHDOG_PID: `${owner.pid}` },
      getuid: () => owner.uid,
      geteuid: () => owner.uid,
      umask(mask: number) {
        const before = program.umask;
        program.umask = mask;
        return before;
      },
      stderr: { write: (line: string) => machine.logged(program, line), on() {} },
      on(name: string, handler: () => void) {
        program.signals.set(name, [...(program.signals.get(name) ?? []), handler]);
      },
    }),
    Bun: withTraps("Bun", {
      connect: (options: Parameters<typeof connect>[1]) => connect(program, options),
      listen: (options: Parameters<typeof listen>[1]) => listen(program, options),
      gc() {},
      shrink() {},
      sleep: (ms: number) => new Promise<void>((resolve) => later(() => resolve(), ms)),
    }),
  };
}

/** A name of the runtime that the world does not have. It throws when it is used. */
function trap(name: string): unknown {
  const refuse = () => {
    throw new Error(`The daemon reached the real ${name}`);
  };
  return new Proxy(() => {}, { apply: refuse, construct: refuse, get: refuse });
}

/** An object of the world whose other members throw. */
function withTraps(name: string, members: object): object {
  return new Proxy(members, {
    get(target, key) {
      if (
        key in target ||
        typeof key === "symbol" ||
        key === "__esModule" ||
        key === "default" ||
        key === "then"
      )
        return Reflect.get(target, key);
      throw new Error(`The daemon reached the real ${name}.${key}`);
    },
  });
}

function plant({ file, line, instead }: Planted): Bun.BunPlugin {
  const target = path.join(ROOT, file);
  return {
    name: "plant",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path: loaded }) => {
        const text = await Bun.file(loaded).text();
        if (loaded !== target) return { contents: text, loader: "ts" };
        if (text.split(line).length !== 2) throw new Error(`"${file}" does not hold the line exactly once`);
        return { contents: text.replace(line, () => instead), loader: "ts" };
      });
    },
  };
}
