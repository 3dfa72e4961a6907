import type { Caller } from "../../admin/caller.ts";
import { ControlError } from "../../admin/control.ts";
import type { Channel } from "../../channels/channel.ts";
import type { Parts } from "../parts.ts";
import type { VmDecision } from "./operator-store.ts";
import { knownVm } from "./vm-views.ts";

/**
 * Stores an operator's decision about a VM: whether it is served, and whether it may query. `did` describes it for the
 * log.
 */
export function decideVm(
  name: string,
  change: Pick<VmDecision, "added" | "query" | "contract">,
  { did, caller, parts }: { readonly did: string; readonly caller: Caller; readonly parts: Parts },
) {
  const kept = parts.store.setVm(name, change);
  if (!kept.ok) throw new ControlError("Refused", { reason: kept.why });
  parts.vms.decide(name);
  parts.channels.reconsider(name);
  parts.acts.report(caller, `${did} ${name}`, { vm: name });
  return {};
}

/** A warning for an operator who added a VM that does not run. */
export function warningAbout(vm: string, { vms }: Parts): string | undefined {
  if (vms.domains.has(vm)) return undefined;
  return `no VM of that name runs now; if it is misspelt, forget it: vmpowerctl forget-vm ${vm}`;
}

/**
 * Removes the decisions about a VM. A running VM keeps them; otherwise it would be served, or not, against the
 * operator's decision.
 */
export function forgetVm(vm: string, caller: Caller, { acts, channels, store, vms }: Parts) {
  if (vms.domains.has(vm))
    throw new ControlError("Refused", {
      reason: `VM "${vm}" is not gone, because the hypervisor knows it`,
      remedy: `vmpowerctl rm-vm ${vm} stops serving it`,
    });
  const forgotten = store.forgetVm(vm);
  if (!forgotten.ok) throw new ControlError("Refused", { reason: forgotten.why });
  channels.reconsider(vm);
  acts.report(caller, `forgot what operators had decided about ${vm}`, { vm });
  return {};
}

/** An operator's decision about channels; all of the VM's channels if no number is given. */
interface ChannelOrder {
  readonly vm: string;
  readonly channels?: readonly number[] | undefined;
  readonly decision: "removed" | "disabled" | undefined;
}

/** Ends the quarantine of channels. Those that were in it are returned. */
export function releaseChannels(
  { vm, channels: numbers }: Omit<ChannelOrder, "decision">,
  caller: Caller,
  parts: Parts,
) {
  const { channels, rates, acts, time } = parts;
  knownVm(vm, parts);
  const own = channels.of(vm);
  const named = new Set(chosenChannels(vm, numbers, own));
  const { monoMs } = time();
  const released = own.filter(
    (channel) => named.has(channel.number) && rates.quarantine(channel, monoMs) !== undefined,
  );
  for (const channel of released) rates.release(channel);
  const which = released.map(({ number }) => number);
  if (which.length > 0) acts.report(caller, `released channels ${which.join(",")} of ${vm}`, { vm });
  return { channels: which };
}

/** The numbers of a call; all of the VM's if none is named. */
function chosenChannels(
  vm: string,
  numbers: readonly number[] | undefined,
  own: readonly Channel[],
): readonly number[] {
  const ownNumbers = new Set(own.map(({ number }) => number));
  const unknown = numbers?.find((number) => !ownNumbers.has(number));
  if (unknown !== undefined) throw new ControlError("NoSuchChannel", { vm, channel: unknown });
  return numbers ?? [...ownNumbers];
}

/** Stores an operator's decision about channels of a VM. */
export function decideChannels(
  { vm, channels: numbers, decision }: ChannelOrder,
  caller: Caller,
  parts: Parts,
) {
  const { channels, store, vms, acts } = parts;
  knownVm(vm, parts);
  const own = channels.of(vm);
  const chosen = chosenChannels(vm, numbers, own);
  const decided = { ...store.vm(vm).channels };
  for (const number of chosen) {
    if (decision === undefined) delete decided[number];
    else decided[number] = decision;
  }
  const kept = store.setVm(vm, { channels: decided });
  if (!kept.ok) throw new ControlError("Refused", { reason: kept.why });
  for (const channel of own) channel.enabled = decided[channel.number] !== "disabled";
  vms.decide(vm);
  channels.reconsider(vm);
  acts.report(caller, `${decision ?? "enabled"} channels ${chosen.join(",")} of ${vm}`, { vm });
  return { channels: chosen };
}
