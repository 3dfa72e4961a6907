import { CPU_NUMBER_END } from "../base/cpu-list.ts";
import { KHZ_MAX, VCPUS_MAX } from "../base/domain.ts";
import { HOURS, MAC_PATTERN, POLICY_MACS_MAX } from "../base/policy-rule.ts";
import { failure, type Result, success } from "../base/result.ts";
import { VM_NAME_BYTES_MAX, vmNameFault } from "../base/vm-name.ts";

/** The most VMs that one call may name. */
const NAMED_VMS_MAX = 1024;

/** The most channels of one VM that one call may name or describe. */
export const NAMED_CHANNELS_MAX = 1024;

/** The most keys of a contract that one call may name, and the most bytes of one with its value, or of a reason. */
const NAMED_KEYS_MAX = 64;
const TEXT_BYTES_MAX = 512;

/** The most kinds of events that one call may name: more than there are. */
const NAMED_KINDS_MAX = 16;

/** The most CPUs that an application may name in one call: each costs a decision and a write. */
export const APP_CPUS_MAX = 64;

/** A channel's number has five digits at most. */
const CHANNEL_NUMBER_END = 100_000;

/** Longest time of an order that ends by itself: a year. */
export const ORDER_SECONDS_MAX = 366 * 24 * 60 * 60;

/** The latest time of the runtime's calendar. */
const TIME_MAX_MS = 8.64e15;

/** The highest threshold of packets per second; no interface receives more. */
export const PACKETS_MAX = 100_000_000;

/** Policies are counted from the start of the daemon. */
export const POLICY_ID_MAX = 100_000_000;

/** Which values of a parameter are possible. */
interface Values {
  readonly allows: (value: unknown) => boolean;
  /** What a value is, for an error. */
  readonly expected: string;
}

/** Limits of a parameter beyond its type. Lists are sets: an item that is named twice counts once. */
interface ParameterRule extends Values {
  /** For a list: the most different items. The rule applies to each of them. */
  readonly itemsMax?: number;
}

const NAME_EXPECTED = `a name of at most ${VM_NAME_BYTES_MAX} bytes without "/" and control characters`;
/** For looking a VM up: any name that the daemon may have shown is accepted, even one that no configuration could have. */
const SHORT_NAME: Values = { allows: shortText(VM_NAME_BYTES_MAX).allows, expected: NAME_EXPECTED };
const SHORT_TEXT = shortText(TEXT_BYTES_MAX);
const VM_NAME: Values = {
  allows: (value) => typeof value === "string" && vmNameFault(value) === undefined,
  expected: NAME_EXPECTED,
};
const MAC: Values = {
  allows: (value) => typeof value === "string" && MAC_PATTERN.test(value),
  expected: "an address like 52:54:00:12:34:56",
};

/**
 * The rules for parameters by name. A name means the same in every method, except those listed with a method. Booleans
 * and enumerations need none.
 */
export const PARAMETER_RULES: ReadonlyMap<string, ParameterRule> = new Map<string, ParameterRule>([
  ["vm", SHORT_NAME],
  ["vms", several(SHORT_NAME, NAMED_VMS_MAX)],
  ["AddVm.vm", VM_NAME],
  ["GetContract.vm", VM_NAME],
  ["SetContract.vm", VM_NAME],
  ["settings", several(SHORT_TEXT, NAMED_KEYS_MAX)],
  ["keys", several(SHORT_TEXT, NAMED_KEYS_MAX)],
  ["reason", SHORT_TEXT],
  ["kinds", several(SHORT_TEXT, NAMED_KINDS_MAX)],
  ["state", SHORT_TEXT],
  ["SetState.vms", SHORT_NAME],
  ["GetChannelConfig.vm", VM_NAME],
  ["AddChannelConfig.vm", VM_NAME],
  // Of io.vmpower.Attach as well.
  ["AttachChannels.vm", VM_NAME],
  ["GetAttachPlan.vm", VM_NAME],
  ["cpu", within(0, CPU_NUMBER_END - 1)],
  ["cpus", several(within(0, CPU_NUMBER_END - 1), CPU_NUMBER_END)],
  ["pcpus", several(within(0, CPU_NUMBER_END - 1), CPU_NUMBER_END)],
  ["vcpu", within(0, VCPUS_MAX - 1)],
  // In GetChannelConfig and AddChannelConfig: how many vCPUs get channels.
  ["vcpus", within(1, NAMED_CHANNELS_MAX)],
  ["vcpuNumbers", several(within(0, VCPUS_MAX - 1), VCPUS_MAX)],
  ["busyHours", several(within(0, HOURS - 1), HOURS)],
  ["quietHours", several(within(0, HOURS - 1), HOURS)],
  ["trafficHours", several(within(0, HOURS - 1), HOURS)],
  ["macs", several(MAC, POLICY_MACS_MAX)],
  ["avgPackets", within(0, PACKETS_MAX)],
  ["maxPackets", within(0, PACKETS_MAX)],
  ["id", within(1, POLICY_ID_MAX)],
  ["count", within(1, VCPUS_MAX)],
  ["channels", several(within(0, CHANNEL_NUMBER_END - 1), NAMED_CHANNELS_MAX)],
  // In io.vmpower.Request.
  ["app", shortText(VM_NAME_BYTES_MAX)],
  ["asker", shortText(VM_NAME_BYTES_MAX)],
  ["leaseSec", within(1, ORDER_SECONDS_MAX)],
  ["Ask.cpus", several(within(0, CPU_NUMBER_END - 1), APP_CPUS_MAX)],
  ["AskByPolicy.cpus", several(within(0, CPU_NUMBER_END - 1), APP_CPUS_MAX)],
  ["khz", within(1, KHZ_MAX)],
  ["fromMs", within(0, TIME_MAX_MS)],
  ["toMs", within(0, TIME_MAX_MS)],
  ["seconds", within(1, ORDER_SECONDS_MAX)],
  ["forSeconds", within(1, ORDER_SECONDS_MAX)],
  // It is compared with the text that the daemon would write, and the size of a message bounds it.
  ["text", { allows: () => true, expected: "a text" }],
]);

/**
 * Checks the values of parameters, whose types were checked before. Returns them for the method, lists without repeats;
 * a failure is the name of a parameter that is out of bounds.
 */
export function judgeParameters(
  method: string,
  parameters: Readonly<Record<string, unknown>>,
): Result<object> {
  const judged: Record<string, unknown> = { ...parameters };
  for (const [name, value] of Object.entries(parameters)) {
    const rule = PARAMETER_RULES.get(`${method}.${name}`) ?? PARAMETER_RULES.get(name);
    if (rule === undefined || value === undefined) continue;
    if (rule.itemsMax === undefined) {
      if (!rule.allows(value)) return failure(name);
      continue;
    }
    const items = new Set(value as unknown[]);
    if (items.size > rule.itemsMax) return failure(name);
    for (const item of items) if (!rule.allows(item)) return failure(name);
    judged[name] = [...items];
  }
  return success(judged);
}

function within(min: number, max: number): Values {
  return {
    allows: (value) => typeof value === "number" && value >= min && value <= max,
    expected: `a number from ${min} to ${max}`,
  };
}

function several({ allows, expected }: Values, itemsMax: number): ParameterRule {
  return { allows, itemsMax, expected: `a list of at most ${itemsMax}, and each is ${expected}` };
}

function shortText(bytesMax: number): Values {
  return {
    allows: (value) => typeof value === "string" && Buffer.byteLength(value) <= bytesMax,
    expected: `a text of at most ${bytesMax} bytes`,
  };
}
