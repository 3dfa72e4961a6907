import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Khz, Pcpu } from "../base/domain.ts";
import { isRecord } from "../base/is-record.ts";
import type { Log } from "../base/log.ts";

/** What an operator decided about one VM; what is absent follows the configuration. */
export interface VmDecision {
  readonly added?: boolean;
  readonly query?: boolean;
  /** Channels that are not as all are, by number. */
  readonly channels?: Readonly<Record<string, "removed" | "disabled">>;
}

/** A speed that an operator gave a CPU. */
export interface CpuDecision {
  readonly khz: Khz;
  readonly hold: boolean;
}

/** All that operators decided. */
export interface OperatorState {
  readonly vms: Readonly<Record<string, VmDecision>>;
  readonly cpus: Readonly<Record<string, CpuDecision>>;
}

/** VMs that decisions are remembered for. */
const VMS_MAX = 10_000;
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const FILE = "operator.json";

/** What operators decided, kept over restarts in the state directory. */
export class OperatorStore {
  readonly #path: string;
  readonly #log: Log;
  #vms: Map<string, VmDecision>;
  #cpus: Map<string, CpuDecision>;

  constructor(directory: string, log: Log) {
    this.#path = join(directory, FILE);
    this.#log = log;
    mkdirSync(directory, { recursive: true, mode: 0o750 });
    const state = this.#load();
    this.#vms = new Map(Object.entries(state.vms));
    this.#cpus = new Map(Object.entries(state.cpus));
  }

  vm(name: string): VmDecision {
    return this.#vms.get(name) ?? {};
  }

  /** Names with a decision, known to the hypervisor or not. */
  vmNames(): Iterable<string> {
    return this.#vms.keys();
  }

  /** Speeds by CPU. */
  cpus(): readonly (readonly [Pcpu, CpuDecision])[] {
    return [...this.#cpus].map(([pcpu, decision]) => [Number(pcpu), decision] as const);
  }

  /** Answers why it could not be remembered. */
  setVm(name: string, change: VmDecision): string | undefined {
    if (!this.#vms.has(name) && this.#vms.size >= VMS_MAX)
      return `Decisions about ${VMS_MAX} VMs are kept already`;
    this.#vms.set(name, { ...this.vm(name), ...change });
    return this.#save();
  }

  setCpus(decisions: readonly (readonly [Pcpu, CpuDecision | undefined])[]): string | undefined {
    for (const [pcpu, decision] of decisions) {
      if (decision === undefined) this.#cpus.delete(`${pcpu}`);
      else this.#cpus.set(`${pcpu}`, decision);
    }
    return this.#save();
  }

  #load(): OperatorState {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      return { vms: {}, cpus: {} };
    }
    const state = parse(text);
    if (state !== undefined) return state;
    const aside = `${this.#path}.bad`;
    renameSync(this.#path, aside);
    this.#log.error(`What operators had set cannot be read: "${this.#path}" was moved to "${aside}"`);
    return { vms: {}, cpus: {} };
  }

  #save(): string | undefined {
    const state = { vms: Object.fromEntries(this.#vms), cpus: Object.fromEntries(this.#cpus) };
    const fresh = `${this.#path}.new`;
    try {
      const fd = openSync(fresh, "w", 0o640);
      try {
        writeSync(fd, `${JSON.stringify(state, undefined, 1)}\n`);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(fresh, this.#path);
      return undefined;
    } catch (error) {
      const why = `Cannot be remembered over a restart: ${error instanceof Error ? error.message : error}`;
      this.#log.error(why);
      return why;
    }
  }
}

function parse(text: string): OperatorState | undefined {
  if (text.length > FILE_BYTES_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !isRecord(value["vms"]) || !isRecord(value["cpus"])) return undefined;
    const sound =
      Object.values(value["vms"]).every(isVmDecision) &&
      Object.entries(value["cpus"]).every(
        ([cpu, decision]) => /^\d{1,5}$/.test(cpu) && isCpuDecision(decision),
      );
    return sound ? (value as unknown as OperatorState) : undefined;
  } catch {
    return undefined;
  }
}

function isVmDecision(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { added, query, channels } = value;
  const flag = (v: unknown) => v === undefined || typeof v === "boolean";
  const channel = (v: unknown) => v === "removed" || v === "disabled";
  return (
    flag(added) &&
    flag(query) &&
    (channels === undefined || (isRecord(channels) && Object.values(channels).every(channel)))
  );
}

function isCpuDecision(value: unknown): boolean {
  return isRecord(value) && Number.isSafeInteger(value["khz"]) && typeof value["hold"] === "boolean";
}
