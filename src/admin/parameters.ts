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
const APP_CPUS_MAX = 64;

/** A channel's number has five digits at most. */
const CHANNEL_NUMBER_END = 100_000;

/** Longest time of an order that ends by itself: a year. */
export const ORDER_SECONDS_MAX = 366 * 24 * 60 * 60;

/** The latest time of the runtime's calendar. */
const TIME_MAX_MS = 8.64e15;

/** The highest threshold of packets per second; no interface receives more. */
const PACKETS_MAX = 100_000_000;

/** Policies are counted from the start of the daemon. */
const POLICY_ID_MAX = 100_000_000;

/** Limits of a parameter beyond its type. Lists are sets: an item that is named twice counts once. */
export interface ParameterRule {
  readonly allows: (value: unknown) => boolean;
  /** For a list: the most different items. The rule applies to each of them. */
  readonly itemsMax?: number;
}

/**
 * The rules for parameters by name. A name means the same in every method, except those listed with a method. Booleans
 * and enumerations need none.
 */
export const PARAMETER_RULES: ReadonlyMap<string, ParameterRule> = new Map([
  // Any name that the daemon may have shown is accepted for looking a VM up, even one that no configuration could have.
  ["vm", { allows: isShortName }],
  ["vms", { allows: isShortName, itemsMax: NAMED_VMS_MAX }],
  ["AddVm.vm", { allows: isVmName }],
  ["GetContract.vm", { allows: isVmName }],
  ["SetContract.vm", { allows: isVmName }],
  ["settings", { allows: isShortText, itemsMax: NAMED_KEYS_MAX }],
  ["keys", { allows: isShortText, itemsMax: NAMED_KEYS_MAX }],
  ["reason", { allows: isShortText }],
  ["kinds", { allows: isShortText, itemsMax: NAMED_KINDS_MAX }],
  ["state", { allows: isShortText }],
  ["SetState.vms", { allows: isShortName }],
  ["GetChannelConfig.vm", { allows: isVmName }],
  ["AddChannelConfig.vm", { allows: isVmName }],
  // Of io.vmpower.Attach as well.
  ["AttachChannels.vm", { allows: isVmName }],
  ["GetAttachPlan.vm", { allows: isVmName }],
  ["cpu", { allows: within(0, CPU_NUMBER_END - 1) }],
  ["cpus", { allows: within(0, CPU_NUMBER_END - 1), itemsMax: CPU_NUMBER_END }],
  ["pcpus", { allows: within(0, CPU_NUMBER_END - 1), itemsMax: CPU_NUMBER_END }],
  ["vcpu", { allows: within(0, VCPUS_MAX - 1) }],
  // In GetChannelConfig and AddChannelConfig: how many vCPUs get channels.
  ["vcpus", { allows: within(1, NAMED_CHANNELS_MAX) }],
  ["vcpuNumbers", { allows: within(0, VCPUS_MAX - 1), itemsMax: VCPUS_MAX }],
  ["busyHours", { allows: within(0, HOURS - 1), itemsMax: HOURS }],
  ["quietHours", { allows: within(0, HOURS - 1), itemsMax: HOURS }],
  ["trafficHours", { allows: within(0, HOURS - 1), itemsMax: HOURS }],
  ["macs", { allows: isMac, itemsMax: POLICY_MACS_MAX }],
  ["avgPackets", { allows: within(0, PACKETS_MAX) }],
  ["maxPackets", { allows: within(0, PACKETS_MAX) }],
  ["id", { allows: within(1, POLICY_ID_MAX) }],
  ["count", { allows: within(1, VCPUS_MAX) }],
  ["channels", { allows: within(0, CHANNEL_NUMBER_END - 1), itemsMax: NAMED_CHANNELS_MAX }],
  // In io.vmpower.Request.
  ["app", { allows: isShortName }],
  ["asker", { allows: isShortName }],
  ["leaseSec", { allows: within(1, ORDER_SECONDS_MAX) }],
  ["Ask.cpus", { allows: within(0, CPU_NUMBER_END - 1), itemsMax: APP_CPUS_MAX }],
  ["AskByPolicy.cpus", { allows: within(0, CPU_NUMBER_END - 1), itemsMax: APP_CPUS_MAX }],
  ["khz", { allows: within(1, KHZ_MAX) }],
  ["fromMs", { allows: within(0, TIME_MAX_MS) }],
  ["toMs", { allows: within(0, TIME_MAX_MS) }],
  ["seconds", { allows: within(1, ORDER_SECONDS_MAX) }],
  ["forSeconds", { allows: within(1, ORDER_SECONDS_MAX) }],
  // It is compared with the text that the daemon would write, and the size of a message bounds it.
  ["text", { allows: () => true }],
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

function isVmName(value: unknown): boolean {
  return typeof value === "string" && vmNameFault(value) === undefined;
}

function isMac(value: unknown): boolean {
  return typeof value === "string" && MAC_PATTERN.test(value);
}

function isShortName(value: unknown): boolean {
  return typeof value === "string" && Buffer.byteLength(value) <= VM_NAME_BYTES_MAX;
}

function isShortText(value: unknown): boolean {
  return typeof value === "string" && Buffer.byteLength(value) <= TEXT_BYTES_MAX;
}

function within(min: number, max: number): (value: unknown) => boolean {
  return (value) => typeof value === "number" && value >= min && value <= max;
}
