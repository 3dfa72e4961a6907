import type { Node } from "jsonc-parser";
import type { Pcpu } from "../../base/domain.ts";
import { HOURS, POLICY_MACS_MAX, type PolicySpeed } from "../../base/policy-rule.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { ScaleAction } from "../../wire/packet.ts";

/** What an object says, key by key (vm-power-protocol(7), "JSON OBJECTS"). */
export interface ObjectFields {
  readonly command?: "create" | "destroy" | "power";
  readonly policy_type?: "TIME" | "TRAFFIC" | "WORKLOAD" | "BRANCH_RATIO";
  readonly workload?: PolicySpeed;
  readonly unit?: ScaleAction;
  readonly busy_hours?: readonly number[];
  readonly quiet_hours?: readonly number[];
  readonly mac_list?: readonly string[];
  readonly avg_packet_thresh?: number;
  readonly max_packet_thresh?: number;
  /** Of releases 18.11 to 19.05, which had one FIFO for all CPUs. */
  readonly core_list?: readonly number[];
  readonly resource_id?: number;
  /** Who asks is said by the FIFO. */
  readonly name?: string;
}

/** Reads the value of a key, or says what it should have been. `cpu` is that of the FIFO. */
type ReadValue<T> = (value: Node, cpu: Pcpu) => Result<T>;

/** Thresholds have 32 bits in packets. */
const THRESHOLD_MAX = 2 ** 32 - 1;

/** MAC addresses as DPDK reads them: six bytes, or three groups of two. */
const MAC = /^(?:[\da-f]{2}(?::[\da-f]{2}){5}|[\da-f]{4}(?::[\da-f]{4}){2})$/i;

const hour = wholeNumber(HOURS - 1);
const ownCpu: ReadValue<number> = ({ value }, cpu) =>
  value === cpu ? success(cpu) : failure(`CPU ${cpu}, for which the FIFO is`);

/** The keys of an object. Others have no meaning. */
export const OBJECT_KEYS: { readonly [Name in keyof ObjectFields]-?: ReadValue<ObjectFields[Name]> } = {
  // Its guide has these words in upper case, DPDK's host takes them in lower case only.
  command: word(
    { create: "create", destroy: "destroy", power: "power" },
    { fold: (text) => text.toLowerCase() },
  ),
  policy_type: word({ TIME: "TIME", TRAFFIC: "TRAFFIC", WORKLOAD: "WORKLOAD", BRANCH_RATIO: "BRANCH_RATIO" }),
  workload: word({ HIGH: "max", MEDIUM: "medium", LOW: "min" }),
  unit: word({
    SCALE_UP: "up",
    SCALE_DOWN: "down",
    SCALE_MAX: "max",
    SCALE_MIN: "min",
    ENABLE_TURBO: "turbo",
    DISABLE_TURBO: "no-turbo",
  }),
  busy_hours: list(hour, HOURS),
  quiet_hours: list(hour, HOURS),
  mac_list: list(macAddress, POLICY_MACS_MAX),
  avg_packet_thresh: wholeNumber(THRESHOLD_MAX),
  max_packet_thresh: wholeNumber(THRESHOLD_MAX),
  core_list: list(ownCpu, 1),
  resource_id: ownCpu,
  name: ({ value }) => (typeof value === "string" ? success(value) : failure("a text")),
};

function word<const T>(
  words: Readonly<Record<string, T>>,
  { fold = (text) => text }: { readonly fold?: (text: string) => string } = {},
): ReadValue<T> {
  const byText = new Map(Object.entries(words));
  return ({ value }) => {
    const meant = typeof value === "string" ? byText.get(fold(value)) : undefined;
    return meant === undefined ? failure(`one of ${Object.keys(words).join(", ")}`) : success(meant);
  };
}

function wholeNumber(max: number): ReadValue<number> {
  return ({ value }) => {
    const isMeant = typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
    return isMeant ? success(value) : failure(`a whole number from 0 to ${max}`);
  };
}

function list<T>(readItem: ReadValue<T>, itemsMax: number): ReadValue<readonly T[]> {
  return ({ type, children = [] }, cpu) => {
    if (type !== "array" || children.length > itemsMax) return failure(`a list of at most ${itemsMax}`);
    const items: T[] = [];
    for (const child of children) {
      const item = readItem(child, cpu);
      if (!item.ok) return failure(`a list whose items are each ${item.why}`);
      items.push(item.value);
    }
    return success(items);
  };
}

/** Reads a MAC address into its usual form. */
function macAddress({ value }: Node): Result<string> {
  if (typeof value !== "string" || !MAC.test(value)) return failure("a MAC address");
  const digits = value.toLowerCase().replaceAll(":", "");
  return success((digits.match(/../g) ?? []).join(":"));
}
