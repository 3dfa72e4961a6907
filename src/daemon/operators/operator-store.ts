import { join } from "node:path";
import type { Khz, Pcpu } from "../../base/domain.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Log } from "../../base/log.ts";
import { matches } from "../../base/name-pattern.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { vmNameFault } from "../../base/vm-name.ts";
import { moveAside } from "../../os/move-aside.ts";
import { makeOwnDirectory } from "../../os/own-directory.ts";
import { readOwnFile } from "../../os/own-file.ts";
import { writeWhole } from "../../os/whole-file.ts";
import { isStateOrder, type StateOrder } from "./state-order.ts";

/** An operator's decisions about one VM. What is absent follows the configuration. */
export interface VmDecision {
  readonly added?: boolean;
  readonly query?: boolean;
  /** Keys of its contract. */
  readonly contract?: Readonly<Record<string, ContractDecision>>;
  /** Decisions about single channels, by number. */
  readonly channels?: Readonly<Record<string, "removed" | "disabled">>;
}

/** One key of a VM's contract that an operator set. */
export interface ContractDecision {
  /** The value as it was written. */
  readonly text: string;
  readonly who: string;
  readonly atMs: number;
  /** When it ends by itself, on the wall clock, because it must outlive a boot. */
  readonly untilMs?: number;
  readonly reason?: string;
}

/** A speed that an operator ordered for a CPU. */
export interface CpuDecision {
  readonly khz: Khz;
  readonly hold: boolean;
  readonly who?: string;
  /** When it ends by itself, on the wall clock, because it must outlive a boot. */
  readonly untilMs?: number;
  /** When it was ordered; absent in the file of a version that did not store it. */
  readonly atMs?: number;
  readonly reason?: string;
}

/** All decisions of operators. */
export interface OperatorState {
  readonly vms: Readonly<Record<string, VmDecision>>;
  readonly cpus: Readonly<Record<string, CpuDecision>>;
  /** The newest first. Absent in the file of a version without states. */
  readonly states?: readonly StateOrder[];
}

/** The most VMs with stored decisions. */
const VMS_MAX = 10_000;
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const FILE = "operator.json";
const NOTHING = '{ "vms": {}, "cpus": {} }';

/** Longest part of an impossible name that the log shows. */
const SHOWN_NAME_LENGTH = 80;

/** The decisions of operators, stored in the state directory. */
export class OperatorStore {
  readonly #path: string;
  readonly #log: Log;
  #vms: Map<string, VmDecision>;
  #cpus: Map<string, CpuDecision>;
  #states: readonly StateOrder[];
  #isNoted = false;

  constructor(directory: string, log: Log) {
    this.#path = join(directory, FILE);
    this.#log = log;
    makeOwnDirectory({ path: directory, mode: 0o750, key: "StateDirectory" });
    const state = this.#load();
    this.#vms = new Map(this.#possible(state.vms));
    this.#cpus = new Map(Object.entries(state.cpus));
    this.#states = state.states ?? [];
  }

  vm(name: string): VmDecision {
    return this.#vms.get(name) ?? {};
  }

  /** Whether there is a decision about a VM. */
  knows(name: string): boolean {
    return this.#vms.has(name);
  }

  /** Names of VMs with a decision, also of those that the hypervisor does not know. */
  vmNames(): Iterable<string> {
    return this.#vms.keys();
  }

  /** Speeds by CPU. */
  cpus(): readonly (readonly [Pcpu, CpuDecision])[] {
    return [...this.#cpus].map(([pcpu, decision]) => [Number(pcpu), decision] as const);
  }

  /** The orders that put VMs into states, the newest first. */
  get states(): readonly StateOrder[] {
    return this.#states;
  }

  /** The order that counts for a VM of this name; undefined if none is for it. */
  stateOf(name: string): StateOrder | undefined {
    return this.#states.find(({ vms }) => matches(vms, name));
  }

  /** Replaces the orders that put VMs into states; otherwise as {@link setVm}. */
  setStates(states: readonly StateOrder[]): Result<undefined> {
    const before = this.#states;
    this.#states = states;
    const kept = this.#keep(this.#vms, this.#cpus);
    if (!kept.ok) this.#states = before;
    return kept;
  }

  /** Stores a decision about a VM. If that fails, nothing is changed and the reason is returned. */
  setVm(name: string, change: VmDecision): Result<undefined> {
    if (!this.#vms.has(name) && this.#vms.size >= VMS_MAX)
      return failure(
        `Decisions about ${VMS_MAX} VMs are kept already: vmpowerctl forget-vm removes those of a VM that is gone`,
      );
    const vms = new Map(this.#vms).set(name, { ...this.vm(name), ...change });
    return this.#keep(vms, this.#cpus);
  }

  /** Removes the decisions about a VM; otherwise the same. */
  forgetVm(name: string): Result<undefined> {
    const vms = new Map(this.#vms);
    return vms.delete(name) ? this.#keep(vms, this.#cpus) : success(undefined);
  }

  /** Notes an order for a CPU; undefined removes it. {@link save} stores it. */
  noteCpu(pcpu: Pcpu, decision: CpuDecision | undefined): void {
    if (decision !== undefined) this.#cpus.set(`${pcpu}`, decision);
    else if (!this.#cpus.delete(`${pcpu}`)) return;
    this.#isNoted = true;
  }

  /** Stores what was noted. After a failure it is tried again with the next decision. */
  save(): Result<undefined> {
    return this.#isNoted ? this.#keep(this.#vms, this.#cpus) : success(undefined);
  }

  /** Earlier versions accepted any name. Names that no VM can have are left out. */
  #possible(vms: OperatorState["vms"]): [string, VmDecision][] {
    const { possible = [], impossible = [] } = Object.groupBy(Object.entries(vms), ([name]) =>
      vmNameFault(name) === undefined ? "possible" : "impossible",
    );
    const [first] = impossible;
    if (first !== undefined) {
      const shown = JSON.stringify(first[0].slice(0, SHOWN_NAME_LENGTH));
      const what = `${impossible.length} decisions of operators are dropped: no VM can have these names`;
      this.#log.notice(`${what}: ${shown}${impossible.length > 1 ? " and others" : ""}`);
    }
    return possible;
  }

  #load(): OperatorState {
    const text = readOwnFile(this.#path, FILE_BYTES_MAX);
    const state = text.ok ? parse(text.value ?? NOTHING) : undefined;
    if (state !== undefined) return state;
    const because = text.ok ? "it is not a record of operators' decisions" : text.why;
    moveAside(this.#path, { log: this.#log, because });
    return { vms: {}, cpus: {} };
  }

  /** Saves the decisions, and makes them effective only if that succeeds. */
  #keep(vms: Map<string, VmDecision>, cpus: Map<string, CpuDecision>): Result<undefined> {
    const states = this.#states.length === 0 ? {} : { states: this.#states };
    const state = { vms: Object.fromEntries(vms), cpus: Object.fromEntries(cpus), ...states };
    const why = this.#save(`${JSON.stringify(state, undefined, 1)}\n`);
    if (why !== undefined) {
      this.#log.error(why);
      return failure(why);
    }
    this.#vms = vms;
    this.#cpus = cpus;
    this.#isNoted = false;
    return success(undefined);
  }

  #save(text: string): string | undefined {
    const bytes = Buffer.byteLength(text);
    // A longer file would not be read again at the next start.
    if (bytes > FILE_BYTES_MAX)
      return `Cannot be remembered over a restart: all decisions together would have ${bytes} bytes, more than ${FILE_BYTES_MAX}; vmpowerctl forget-vm NAME forgets one that is gone`;
    const written = writeWhole(this.#path, text, { mode: 0o640, log: this.#log });
    return written.ok ? undefined : `Cannot be remembered over a restart. ${written.why.message}`;
  }
}

function parse(text: string): OperatorState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !isRecord(value["vms"]) || !isRecord(value["cpus"])) return undefined;
    const states = value["states"] ?? [];
    const sound =
      Array.isArray(states) &&
      states.every(isStateOrder) &&
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
  const { added, query, channels, contract } = value;
  const flag = (v: unknown) => v === undefined || typeof v === "boolean";
  const channel = (v: unknown) => v === "removed" || v === "disabled";
  return (
    flag(added) &&
    flag(query) &&
    (contract === undefined || (isRecord(contract) && Object.values(contract).every(isContractDecision))) &&
    (channels === undefined || (isRecord(channels) && Object.values(channels).every(channel)))
  );
}

function isContractDecision(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { text, who, atMs, untilMs, reason } = value;
  return (
    [text, who, reason ?? ""].every((each) => typeof each === "string") &&
    [atMs, untilMs ?? 0].every((each) => typeof each === "number")
  );
}

function isCpuDecision(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { khz, hold, who, untilMs, atMs, reason } = value;
  return (
    Number.isSafeInteger(khz) &&
    typeof hold === "boolean" &&
    (who === undefined || typeof who === "string") &&
    (reason === undefined || typeof reason === "string") &&
    [untilMs ?? 0, atMs ?? 0].every((each) => typeof each === "number")
  );
}
