import type { Caller } from "../../admin/caller.ts";
import { ControlError } from "../../admin/control.ts";
import type { ContractOrder } from "../../admin/control-types.ts";
import { isPattern } from "../../base/name-pattern.ts";
import { contractKey, judgeWord, type Word } from "../../config/contract/words.ts";
import type { Parts } from "../parts.ts";
import { operatorName } from "./operator-acts.ts";
import type { ContractDecision, VmDecision } from "./operator-store.ts";
import { warningAbout } from "./vm-orders.ts";
import { knownVm } from "./vm-views.ts";

const ALARM = "contracts";

/** Sets keys of a VM's contract, all or none of them. */
export function setContract(
  { vm, settings, forSeconds, reason }: ContractOrder,
  caller: Caller,
  parts: Parts,
) {
  if (isPattern(vm))
    throw new ControlError("Refused", {
      reason: `"${vm}" is a pattern, and an order is for one VM`,
      remedy: `write [vm ${vm}] in the configuration`,
    });
  const words = settings.map((setting) => wordOf(setting, parts));
  const repeated = words.find(({ key }, index) => words.findIndex((word) => word.key === key) < index);
  if (words.length === 0)
    throw new ControlError("Refused", { reason: "No key is named", remedy: "name one, like Turbo=no" });
  if (repeated !== undefined)
    throw new ControlError("Refused", {
      reason: `${repeated.key} is set more than once`,
      remedy: `keep one value of it`,
    });
  const { acts, store, time } = parts;
  const { wallMs } = time();
  const said = {
    who: operatorName(caller),
    atMs: wallMs,
    ...(forSeconds === undefined ? {} : { untilMs: wallMs + forSeconds * 1000 }),
    ...(reason === undefined ? {} : { reason }),
  };
  const contract: Record<string, ContractDecision> = { ...store.vm(vm).contract };
  for (const { key, text } of words) contract[key] = { text, ...said };
  // The newer word about queries counts, in whichever way it was said.
  keep(vm, { contract, ...(contract["Query"] === undefined ? {} : { query: undefined }) }, parts);
  const during = forSeconds === undefined ? "" : ` for ${forSeconds} s`;
  const why = reason === undefined ? "" : `: ${reason}`;
  acts.report(
    caller,
    `set ${words.map(({ key, text }) => `${key}=${text}`).join(" ")} of ${vm}${during}${why}`,
    { vm },
  );
  return { warning: warningAbout(vm, parts) };
}

/** Takes back what operators set of a VM's contract: these keys, or all of them. */
export function unsetContract(
  { vm, keys }: { readonly vm: string; readonly keys?: readonly string[] | undefined },
  caller: Caller,
  parts: Parts,
) {
  knownVm(vm, parts);
  for (const key of keys ?? []) {
    const known = contractKey(key);
    if (!known.ok) throw new ControlError("Refused", { reason: known.why });
  }
  const { acts, store } = parts;
  const { query, contract: before = {} } = store.vm(vm);
  const set = new Set([...Object.keys(before), ...(query === undefined ? [] : ["Query"])]);
  const taken = keys === undefined ? [...set] : keys.filter((key) => set.has(key));
  if (taken.length === 0) return { keys: [] };
  const contract = Object.fromEntries(Object.entries(before).filter(([key]) => !taken.includes(key)));
  keep(vm, { contract, ...(taken.includes("Query") ? { query: undefined } : {}) }, parts);
  acts.report(caller, `took back ${taken.join(", ")} of ${vm}`, { vm });
  return { keys: taken };
}

/** The keys of a VM's contract without Query, which set-query decides anew. */
export function withoutQuery(vm: string, { store }: Parts): Pick<VmDecision, "contract"> {
  const { contract } = store.vm(vm);
  if (contract?.["Query"] === undefined) return {};
  const { Query: _, ...others } = contract;
  return { contract: others };
}

/** Ends what was set for a time, now and whenever the next of it ends. */
export function endContracts(parts: Parts): void {
  const { acts, alarm, store, time, vms } = parts;
  const { wallMs } = time();
  let nextMs = Number.POSITIVE_INFINITY;
  for (const vm of [...store.vmNames()]) {
    const entries = Object.entries(store.vm(vm).contract ?? {});
    const isOver = ({ untilMs }: ContractDecision) => untilMs !== undefined && untilMs <= wallMs;
    const over = entries.filter(([, said]) => isOver(said));
    for (const [, said] of entries) if (!isOver(said)) nextMs = Math.min(nextMs, said.untilMs ?? nextMs);
    if (over.length === 0) continue;
    // If that cannot be saved, it is over all the same, now and after a restart.
    store.setVm(vm, { contract: Object.fromEntries(entries.filter(([, said]) => !isOver(said))) });
    vms.decide(vm);
    const keys = over.map(([key]) => key).join(", ");
    acts.tell(`The time of ${keys} of ${vm} is over, which ${over[0]?.[1].who} set`, { vm });
  }
  if (nextMs < Number.POSITIVE_INFINITY) alarm.after(ALARM, nextMs - wallMs, () => endContracts(parts));
}

/** Stores a decision and lets it hold. */
function keep(vm: string, change: VmDecision | { query: undefined }, parts: Parts): void {
  const kept = parts.store.setVm(vm, change as VmDecision);
  if (!kept.ok) throw new ControlError("Refused", { reason: kept.why });
  parts.vms.decide(vm);
  endContracts(parts);
}

function wordOf(setting: string, { config }: Parts): Word {
  const equals = setting.indexOf("=");
  const [key, text] = [setting.slice(0, Math.max(0, equals)), setting.slice(equals + 1).trim()];
  if (equals < 1)
    throw new ControlError("Refused", {
      reason: `"${setting}" is not a key with its value`,
      remedy: "write it like Turbo=no",
    });
  const word = judgeWord(key.trim(), text, "operator");
  if (!word.ok) throw new ControlError("Refused", { reason: word.why });
  if (word.value.key === "Class" && !config().rules.classes.has(text))
    throw new ControlError("Refused", {
      reason: `There is no class "${text}"`,
      remedy: "vmpowerctl config shows those of the configuration",
    });
  return word.value;
}
