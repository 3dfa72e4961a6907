import type { Action } from "../players/guest.ts";
import { ABSENT, type Claim, SILENT } from "./claim.ts";
import type { Claims } from "./claims.ts";
import type { LocalHours } from "./local-hours.ts";
import { NOBODY } from "./outcome.ts";
import { wantedBy } from "./rules.ts";
import type { Schedules } from "./schedules.ts";
import { bounded, firstStand, type Stand, stepped, type Table } from "./steps.ts";

/** More CPUs than this are no pinning: the daemon's default. */
export const MULTI_PIN_MAX = 4;

interface ChoicesMeans {
  readonly table: Table;
  readonly claims: Claims;
  readonly hours: LocalHours;
  readonly schedules: Schedules;
}

/** What one vCPU may want, and what a request of it may lead to. */
export class Choices {
  readonly #means: ChoicesMeans;

  constructor(means: ChoicesMeans) {
    this.#means = means;
  }

  /** What a claim may add to the outcome of a clock. */
  on(claim: Claim, nowMs: number, isThere: (cpu: number) => boolean): Set<number> {
    const options = new Set<number>();
    let isElsewhere = false;
    for (const place of claim.places) {
      const cpus = place.length > MULTI_PIN_MAX ? [] : place;
      if (!cpus.some(isThere)) {
        isElsewhere = true;
        continue;
      }
      if (claim.isWild) {
        options.add(NOBODY);
        options.add(NOBODY | 1);
        for (const index of this.#means.table.khz.keys()) options.add(index << 1);
        continue;
      }
      const silent = cpus.length === 1 ? NOBODY | 1 : NOBODY;
      for (const state of claim.wantsAt(nowMs)) {
        if (state === ABSENT) options.add(NOBODY);
        else if (state !== SILENT) options.add((state >> 1) << 1);
        else for (const index of this.#ruled(claim)) options.add(index === undefined ? silent : index << 1);
      }
    }
    if (isElsewhere) options.add(NOBODY);
    return options;
  }

  /** What a request may lead to from these states. */
  after(claim: Claim, action: Action, states: ReadonlySet<number>): Set<number> {
    const { table, claims } = this.#means;
    const { vm, vcpu, isSettled } = claim;
    const stands = this.#standsOf(claim, states);
    // The daemon may still take it for an earlier run of the same VM.
    if (!isSettled)
      for (const other of claims.of(vm))
        if (other.vcpu === vcpu) stands.push(...this.#standsOf(other, other.states));
    const after = new Set<number>();
    for (const stand of stands) {
      const next = stepped(table, stand, action);
      if (next !== undefined)
        after.add((bounded(table, vm.contract, next.index) << 1) | (next.turbo ? 1 : 0));
    }
    return after;
  }

  /** Where a vCPU may stand in these states. */
  #standsOf(claim: Claim, states: ReadonlySet<number>): Stand[] {
    return [...states].flatMap((state) => {
      if (state === ABSENT) return [];
      return state === SILENT ? this.#firstStands(claim) : [{ index: state >> 1, turbo: (state & 1) === 1 }];
    });
  }

  /** The entries that the policies and schedules of a claim may want; undefined if none wants any. */
  #ruled({ rules, vm }: Claim): Set<number | undefined> {
    const { table, hours, schedules } = this.#means;
    const wanted = new Set<number | undefined>();
    const add = (index: number | undefined) =>
      wanted.add(index === undefined ? undefined : bounded(table, vm.contract, index));
    for (const rule of rules)
      for (const index of rule === undefined ? [undefined] : wantedBy(rule, table, hours.possible())) {
        if (index !== undefined) add(index);
        else for (const scheduled of schedules.forVm(vm.name, hours)) add(scheduled);
      }
    return wanted;
  }

  /** Where a vCPU stands before it asks: at the highest speed, or where a policy or a schedule may have put it. */
  #firstStands(claim: Claim): Stand[] {
    const { table } = this.#means;
    const first = firstStand(table);
    const stands = [{ index: bounded(table, claim.vm.contract, first.index), turbo: first.turbo }];
    for (const index of this.#ruled(claim))
      if (index !== undefined) stands.push({ index, turbo: false }, { index, turbo: true });
    return stands;
  }
}
