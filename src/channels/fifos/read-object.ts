import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Pcpu } from "../../base/domain.ts";
import { HOURS, type HourPlan, type PolicyRule } from "../../base/policy-rule.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { ScaleAction } from "../../wire/packet.ts";
import { OBJECT_KEYS, type ObjectFields } from "./object-keys.ts";

/** What an object asks for the CPU of its FIFO. */
export type FifoRequest =
  | { readonly kind: "scale"; readonly action: ScaleAction }
  | { readonly kind: "set-policy"; readonly rule: PolicyRule }
  | { readonly kind: "remove-policy" };

/** Why an object is not carried out, and where in it. */
export interface ObjectFault {
  /** Both count from 1. */
  readonly line: number;
  readonly character: number;
  readonly reason: string;
}

/** A fault with the offset of a character. */
interface Located {
  readonly offset: number;
  readonly reason: string;
}

/** A request, and the keys that have no meaning. */
interface ReadObject {
  readonly request: FifoRequest;
  readonly ignored: readonly string[];
}

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** Keys whose value holds the request; it may also stand in the object itself. */
const ENVELOPES = ["policy", "instruction"];

/** The longest text of an object that is quoted in a message, in characters. */
const QUOTED_MAX = 40;

/** Reads an object that was cut from the bytes of the FIFO of a CPU. Never throws, whatever the bytes. */
export function readObject(bytes: Uint8Array, cpu: Pcpu): Result<ReadObject, ObjectFault> {
  const text = new TextDecoder().decode(bytes);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, STRICT);
  const [error] = errors;
  const read =
    error !== undefined || root === undefined
      ? located(error?.offset ?? 0, `it is not JSON: ${errorText(error)}`)
      : readRoot(root, cpu);
  return read.ok ? read : failure(placed(read.why, text));
}

function readRoot(root: Node, cpu: Pcpu): Result<ReadObject, Located> {
  const properties = propertiesOf(root);
  const envelope = properties.find(({ name }) => ENVELOPES.includes(name));
  if (envelope === undefined) return readFields(root, cpu);
  const beside = properties.find((each) => each !== envelope);
  if (beside !== undefined)
    return located(beside.offset, `${quoted(beside.name)} may not stand beside ${quoted(envelope.name)}`);
  if (envelope.value?.type !== "object")
    return located(envelope.offset, `${quoted(envelope.name)} is not an object`);
  return readFields(envelope.value, cpu);
}

function readFields(object: Node, cpu: Pcpu): Result<ReadObject, Located> {
  const fields = new Map<string, unknown>();
  const ignored: string[] = [];
  const seen = new Set<string>();
  for (const { name, offset, value } of propertiesOf(object)) {
    if (seen.has(name)) return located(offset, `${quoted(name)} is there twice`);
    seen.add(name);
    if (!isKey(name)) {
      ignored.push(quoted(name));
      continue;
    }
    const read = value === undefined ? failure("there") : OBJECT_KEYS[name](value, cpu);
    if (!read.ok) return located(value?.offset ?? offset, `${quoted(name)} is not ${read.why}`);
    fields.set(name, read.value);
  }
  const request = requestOf(Object.fromEntries(fields));
  return request.ok ? success({ request: request.value, ignored }) : located(object.offset, request.why);
}

/** The request of fields that are each valid. What is left out is as with DPDK's host. */
function requestOf(fields: ObjectFields): Result<FifoRequest> {
  const { command, unit } = fields;
  if (command === "destroy") return success({ kind: "remove-policy" });
  if (command !== "power") {
    const rule = ruleOf(fields);
    return rule.ok ? success({ kind: "set-policy", rule: rule.value }) : rule;
  }
  if (unit === undefined) return failure('it has the command "power", but no "unit"');
  return success({ kind: "scale", action: unit });
}

function ruleOf(fields: ObjectFields): Result<PolicyRule> {
  const { workload = "min", busy_hours = [], quiet_hours = [] } = fields;
  const {
    mac_list: macs = [],
    avg_packet_thresh: avgPackets = 0,
    max_packet_thresh: maxPackets = 0,
  } = fields;
  switch (fields.policy_type ?? "TIME") {
    case "WORKLOAD":
      return success({ kind: "workload", speed: workload });
    case "TRAFFIC":
      if (macs.length === 0) return failure('a policy by traffic needs a "mac_list"');
      return success({ kind: "traffic", traffic: { macs, avgPackets, maxPackets } });
    case "TIME": {
      const plan: (HourPlan | undefined)[] = new Array(HOURS).fill(undefined);
      for (const hour of quiet_hours) plan[hour] = "min";
      for (const hour of busy_hours) plan[hour] = "max";
      if (busy_hours.length + quiet_hours.length === 0)
        return failure('a policy by time needs "busy_hours" or "quiet_hours"');
      return success({ kind: "time", plan, traffic: { macs: [], avgPackets: 0, maxPackets: 0 } });
    }
    case "BRANCH_RATIO":
      return failure(
        "a policy by branch ratio needs the performance counters of the CPU, which are not used",
      );
  }
}

interface Property {
  readonly name: string;
  readonly offset: number;
  readonly value: Node | undefined;
}

function propertiesOf({ children = [] }: Node): Property[] {
  return children.map(({ children: [key, value] = [], offset }) => ({
    name: `${key?.value}`,
    offset,
    value,
  }));
}

function isKey(name: string): name is keyof ObjectFields {
  return Object.hasOwn(OBJECT_KEYS, name);
}

function located(offset: number, reason: string): { readonly ok: false; readonly why: Located } {
  return failure({ offset, reason });
}

function placed({ offset, reason }: Located, text: string): ObjectFault {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, character: (before.at(-1)?.length ?? 0) + 1, reason };
}

/** "PropertyNameExpected" in words. */
function errorText(error: ParseError | undefined): string {
  const name = error === undefined ? "Empty" : printParseErrorCode(error.error);
  return name.replaceAll(/\B[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= QUOTED_MAX ? text : `${text.slice(0, QUOTED_MAX)}…`);
}
