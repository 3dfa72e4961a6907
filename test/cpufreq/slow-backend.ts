import type { Khz } from "../../src/base/domain.ts";
import { success } from "../../src/base/result.ts";
import type { Answer, Backend, ListedClock, Scope, Values } from "../../src/cpufreq/port.ts";

/** A change that was requested from the back end and has no result yet. */
interface Call {
  /** `cpu1 speed=2000000` */
  readonly what: string;
  /** Carries it out, or refuses it. */
  answer(errno?: string): void;
  /** The call itself fails. */
  fail(message: string): void;
}

/** A back end whose changes finish when the test says so, like those of a process or a remote call. */
export interface SlowBackend extends Backend {
  /** The settings of each CPU. */
  readonly settings: Map<number, { mode: string; speed: string }>;
  /** Calls that wait for a result, oldest first. */
  readonly calls: Call[];
  /** Every finished change, in order. */
  readonly done: string[];
  /** Finishes all calls until none waits. */
  answerAll(): Promise<void>;
}

const KHZ: readonly Khz[] = [3_000_000, 2_000_000, 1_000_000];

/** CPUs with a clock each, under mode "auto" at 3 GHz. */
export function slowBackend(pcpus: readonly number[]): SlowBackend {
  const settings = new Map(pcpus.map((pcpu) => [pcpu, { mode: "auto", speed: "3000000" }]));
  const calls: Call[] = [];
  const done: string[] = [];

  function later(what: string, change: () => void): Answer {
    return new Promise((resolve, reject) => {
      calls.push({
        what,
        answer(errno) {
          calls.splice(calls.indexOf(this), 1);
          if (errno === undefined) {
            done.push(what);
            change();
          }
          resolve(errno === undefined ? undefined : { name: what.split(/[ =]/)[1] ?? "", errno });
        },
        fail(message) {
          calls.splice(calls.indexOf(this), 1);
          reject(new Error(message));
        },
      });
    });
  }

  const of = (pcpu: number) => settings.get(pcpu) ?? { mode: "", speed: "" };
  const texts = (pcpu: number): Values => ({ ...of(pcpu) });

  function scope(pcpu: number): Scope {
    const set = (name: "mode" | "speed", text: string) =>
      later(`cpu${pcpu} ${name}=${text}`, () => {
        of(pcpu)[name] = text;
      });
    return {
      name: `cpu${pcpu}`,
      label: `cpu${pcpu}`,
      pcpus: [pcpu],
      needed: ["mode"],
      read: () => ({ ok: true, value: texts(pcpu) }),
      extras: ({ epp }) =>
        success({ values: epp === undefined ? {} : { mode: epp }, restored: {}, missing: [] }),
      readMore: () => success({}),
      write(values) {
        const what = Object.entries(values).map(([name, text]) => `${name}=${text}`);
        return later(`cpu${pcpu} ${what.join(" ")}`, () => Object.assign(of(pcpu), values));
      },
      baseline: () => ({ ok: true, value: 3_000_000 }),
      expected: (speed) => [{ name: "speed", ours: `${KHZ[speed as number]}` }],
      peek: (name) => texts(pcpu)[name] ?? "ENOENT",
      isThere: () => settings.has(pcpu),
      open() {
        let read = of(pcpu).speed;
        return success({
          settings: [
            {
              name: "speed",
              ours: (speed) => `${KHZ[speed as number]}`,
              isUnchanged: () => of(pcpu).speed === read,
              read() {
                read = of(pcpu).speed;
                return undefined;
              },
              text: () => read,
            },
          ],
          prepare: () => (of(pcpu).mode === "manual" ? undefined : set("mode", "manual")),
          async set(speed) {
            const refused = await set("speed", `${KHZ[speed as number]}`);
            read = of(pcpu).speed;
            return refused;
          },
          close() {},
        });
      },
    };
  }

  const clock = (pcpu: number): ListedClock => ({
    id: pcpu,
    pcpus: [pcpu],
    driver: "by-hand",
    table: { speeds: KHZ.map((khz) => ({ khz, peerKhz: khz })), turbo: undefined },
    anySpeed: false,
    priority: new Set(),
    scopes: [scope(pcpu)],
    key: `${pcpu}`,
  });

  return {
    slow: true,
    settings,
    calls,
    done,
    list: () => ({ clocks: [...settings.keys()].map(clock), unmanaged: [], uncores: [], warnings: [] }),
    hasChanged: () => false,
    observe: () => undefined,
    find: ({ scope: name }) => success(scope(Number(name.slice(3)))),
    journal: {
      fileOf: (name) => name,
      scopeOf: (file) => (/^cpu\d$/.test(file) ? file : undefined),
      isValue: (name) => name === "mode" || name === "speed",
    },
    async answerAll() {
      for (await settled(); calls.length > 0; await settled()) calls[0]?.answer();
    },
  };
}

/** Lets all code run that does not wait for a result. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
