import type { Control } from "../../admin/control.ts";
import type { ConfigSetting, ContractKey, Schedule } from "../../admin/control-types.ts";
import type { ListedSetting } from "../../config/config.ts";
import type { ContractValue } from "../../config/contract/rules.ts";
import { PATTERN_KEYS } from "../../config/keys.ts";
import type { FollowedSchedule } from "../host/schedules.ts";
import type { Parts } from "../parts.ts";
import { setContract, unsetContract } from "./contract-orders.ts";
import { eachStep, type Job } from "./loop-slices.ts";
import { isKnown } from "./vm-views.ts";

type ContractMethods = Pick<Control, "GetContract" | "SetContract" | "UnsetContract" | "GetConfig">;

/** The methods that show and change what holds for a VM. */
export function contractMethods(parts: () => Parts): ContractMethods {
  return {
    GetContract: ({ vm }) => showContract(vm, parts()),
    SetContract: (order, caller) => setContract(order, caller, parts()),
    UnsetContract: (order, caller) => unsetContract(order, caller, parts()),
    GetConfig: () => parts().slices.run(showConfig(parts())),
  };
}

function showContract(vm: string, parts: Parts) {
  const { values, unknownClasses } = parts.vms.contracts.resolved(vm);
  const keys = Object.entries(PATTERN_KEYS).map(([key, { default: text }]) =>
    keyView(key, values.get(key), text),
  );
  const named = parts.store.stateOf(vm)?.state;
  const isGone = named !== undefined && !parts.config().rules.states.has(named);
  const problems = [
    ...(isGone ? [`There is no state "${named}": it is left out`] : []),
    ...unknownClasses.map(({ text }) => `There is no class "${text}": it is left out`),
    ...parts.vms.metadata(vm).problems.map((why) => `Its metadata: ${why}`),
  ];
  const schedules = parts.schedules.forVm(vm).map(scheduleView);
  return { vm, known: isKnown(vm, parts), keys, problems, schedules };
}

function scheduleView({ schedule, zone, span }: FollowedSchedule): Schedule {
  const { name, text, place } = schedule;
  const isEnding = span !== undefined && span.endsMs < Number.POSITIVE_INFINITY;
  return {
    ...{ name, ...text, timeZone: zone, ...place },
    inForce: span?.isOn === true,
    changesAtMs: isEnding ? span.endsMs : undefined,
  };
}

function keyView(key: string, found: ContractValue | undefined, builtIn: string | undefined): ContractKey {
  if (found === undefined) return { key, value: builtIn, origin: "builtIn" };
  const { origin, text: value } = found;
  switch (origin.kind) {
    case "section": {
      const { section, file, line } = origin;
      return { key, value, origin: "section", section, file, line };
    }
    case "operator": {
      const { kind, ...said } = origin;
      return { key, value, origin: kind, ...said };
    }
    case "state": {
      const { kind, ...said } = origin;
      return { key, value, origin: kind, ...said };
    }
    case "metadata":
      return { key, value, origin: "metadata" };
    case "built-in":
      return { key, value, origin: "builtIn" };
  }
}

function* showConfig({ config }: Parts): Job<{ settings: ConfigSetting[] }> {
  return { settings: yield* eachStep(config().listing, settingView) };
}

function settingView({ section, key, text, place }: ListedSetting): ConfigSetting {
  return { section, key, value: text, file: place?.file, line: place?.line };
}
