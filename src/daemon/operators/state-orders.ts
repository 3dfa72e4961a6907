import type { Caller } from "../../admin/caller.ts";
import { type Control, ControlError } from "../../admin/control.ts";
import type { StateChange } from "../../admin/control-types.ts";
import { matches } from "../../base/name-pattern.ts";
import { vmNameFault } from "../../base/vm-name.ts";
import { EVERY_VM } from "../../config/contract/vm-pattern.ts";
import { nearest } from "../../config/suggest.ts";
import type { Parts } from "../parts.ts";
import { operatorName } from "./operator-acts.ts";
import type { StateOrder } from "./state-order.ts";

/** The most orders that are kept. Each is compared with each VM. */
const ORDERS_MAX = 64;

/** The methods for states: sets of contract keys that many VMs are put into at once. */
export function stateOrders(parts: () => Parts): Pick<Control, "GetStates" | "SetState"> {
  return {
    GetStates: () => ({
      states: [...parts().config().rules.states].map(([name, settings]) => ({
        name,
        settings: [...settings].flatMap(([key, { value, text }]) =>
          value === undefined ? [] : [`${key}=${text}`],
        ),
        vms: [...parts().vms.domains.keys()].filter((vm) => parts().store.stateOf(vm)?.state === name),
      })),
      orders: parts().store.states,
    }),
    SetState: (change, caller) => setState(change, caller, parts()),
  };
}

/** Puts all VMs that a pattern matches into a state, in one turn: all of them, or after a refusal of the kernel none. */
function setState({ state, vms = EVERY_VM, reason }: StateChange, caller: Caller, parts: Parts) {
  const fault = vmNameFault(vms);
  if (fault !== undefined) throw refused(`No VM can be called "${vms}": ${fault}`);
  const { acts, store, time } = parts;
  const { states } = parts.config().rules;
  if (state !== undefined && !states.has(state)) throw unknownState(state, [...states.keys()]);
  const order: StateOrder = {
    vms,
    ...(state === undefined ? {} : { state }),
    who: operatorName(caller),
    atMs: time().wallMs,
    ...(reason === undefined ? {} : { reason }),
  };
  const before = store.states;
  const after = joined(order, before);
  if (after.length > ORDERS_MAX)
    throw refused(
      `${ORDERS_MAX} orders of states are in force already`,
      "vmpowerctl state none ends all of them",
    );
  const concerned = [...parts.vms.domains.keys()].filter((vm) => matches(vms, vm));
  keep(after, parts);
  const why = decide(concerned, parts);
  if (why !== undefined) {
    keep(before, parts);
    decide(concerned, parts);
    throw refused(`${why}, so no VM was put into another state`, "journalctl -u vm-power names the file");
  }
  const what = state === undefined ? "out of any state" : `into state ${state}`;
  acts.report(caller, `put VMs ${vms} ${what}${reason === undefined ? "" : `: ${reason}`}`);
  return { vms: concerned };
}

/** A newer order counts before older ones, and takes the place of one for the same VMs, or of all if it is for all. */
function joined(order: StateOrder, before: readonly StateOrder[]): readonly StateOrder[] {
  const others = order.vms === EVERY_VM ? [] : before.filter(({ vms }) => vms !== order.vms);
  return order.state === undefined && others.length === 0 ? [] : [order, ...others];
}

/** Lets the contracts of these VMs hold. Returns what the kernel refused, if it refused anything. */
function decide(names: readonly string[], { clocks, knobs, vms }: Parts): string | undefined {
  const unmet = knobs.unmet();
  const { writesRefused } = clocks.counters;
  for (const name of names) vms.decide(name);
  if (clocks.counters.writesRefused > writesRefused) return "The kernel refused a speed";
  const more = [...knobs.unmet()].filter((clock) => !unmet.has(clock));
  return more.length === 0
    ? undefined
    : `The kernel refused Epp, ResumeLatencyUs, Governor, UncoreMinKhz or UncoreMaxKhz of CPU ${more[0]}`;
}

function keep(states: readonly StateOrder[], { store }: Parts): void {
  const kept = store.setStates(states);
  if (!kept.ok) throw refused(kept.why);
}

function unknownState(name: string, known: readonly string[]): ControlError {
  const near = nearest(name, known);
  const all =
    known.length === 0
      ? "the configuration defines none, see [state NAME] in vm-power.conf(5)"
      : `there are ${known.join(", ")}`;
  return refused(`There is no state "${name}"`, near === undefined ? all : `did you mean "${near}"?`);
}

function refused(reason: string, remedy?: string): ControlError {
  return new ControlError("Refused", remedy === undefined ? { reason } : { reason, remedy });
}
