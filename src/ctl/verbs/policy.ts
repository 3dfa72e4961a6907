import type { Policy } from "../../admin/control-types.ts";
import { formatCpuList, parseCpuList } from "../../base/cpu-list.ts";
import { POLICY_KINDS } from "../../base/policy-kind.ts";
import { HOURS } from "../../base/policy-rule.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { cpusArgument } from "../arguments.ts";
import type { Context, Given, Verb } from "../verb.ts";

const ACTIONS = ["list", "add", "remove"] as const;
const WORKLOADS = ["high", "medium", "low"] as const;

const value = (name: string, kind: "text" | readonly string[] = "text") => ({ name, kind });

/** Verb `policy`: lists, adds and removes rules that set a VM's speed without requests. */
export const POLICY: Verb = {
  name: "policy",
  summary: "List, add or remove guest policies",
  arguments: [
    { name: "action", required: true, doc: "list, add or remove", kind: ACTIONS },
    { name: "vm", required: false, doc: "name of the VM; list shows all without it", kind: "vm" },
  ],
  options: [
    { flag: "--vcpus", doc: "add: the vCPUs, like 0-3", value: value("list") },
    { flag: "--type", doc: "add: time, workload or traffic", value: value("type", POLICY_KINDS) },
    { flag: "--busy-hours", doc: "hours of the host's day at the highest speed", value: value("list") },
    { flag: "--quiet-hours", doc: "hours at the lowest speed", value: value("list") },
    { flag: "--traffic-hours", doc: "hours in which the traffic decides", value: value("list") },
    { flag: "--workload", doc: "high, medium or low", value: value("level", WORKLOADS) },
    { flag: "--mac", doc: "MAC addresses whose packets count, with commas", value: value("list") },
    { flag: "--avg-packets", doc: "packets per second for a medium speed", value: value("n") },
    { flag: "--max-packets", doc: "packets per second for the highest speed", value: value("n") },
    { flag: "--id", doc: "remove: this one; all of the VM without it", value: value("n") },
  ],
  examples: [
    ["policy list", "all VMs"],
    ["policy add web1 --vcpus 0 --type time --busy-hours 9", "at nine"],
    ["policy remove web1 --id 3", "one"],
  ],
  async run(context, given) {
    const [action = "", vm] = given.arguments;
    if (action === "list") return list(context, vm);
    if (!ACTIONS.some((known) => known === action))
      throw new UsageError(`"${action}" is none of ${ACTIONS.join(", ")}`);
    if (vm === undefined) throw new UsageError(`policy ${action} needs the name of a VM`);
    return action === "add" ? add(context, vm, given) : remove(context, vm, given);
  },
};

async function list({ call, show, style, io }: Context, vm: string | undefined) {
  const reply = await call("ListPolicies", vm === undefined ? {} : { vm });
  show(reply, () =>
    reply.policies.length === 0 ? "No policies" : policiesText(reply.policies, style, textWidth(io)),
  );
  return EXIT.ok;
}

/** What a rule by traffic consists of. */
const TRAFFIC_FLAGS = ["--mac", "--avg-packets", "--max-packets"];

async function add({ call, show }: Context, vm: string, { values }: Given) {
  const kind = oneOf(values.get("--type"), "--type", POLICY_KINDS);
  const vcpus = values.get("--vcpus");
  if (kind === undefined || vcpus === undefined) throw new UsageError("policy add needs --vcpus and --type");
  const byTraffic = kind === "traffic" || values.has("--traffic-hours");
  if (byTraffic && !TRAFFIC_FLAGS.every((flag) => values.has(flag)))
    throw new UsageError(`a policy by traffic needs ${TRAFFIC_FLAGS.join(", ")}`);
  const macs = values.get("--mac")?.toLowerCase().split(",");
  const given = {
    busyHours: hours(values.get("--busy-hours")),
    quietHours: hours(values.get("--quiet-hours")),
    trafficHours: hours(values.get("--traffic-hours")),
    workload: oneOf(values.get("--workload"), "--workload", WORKLOADS),
    macs,
    avgPackets: number(values.get("--avg-packets")),
    maxPackets: number(values.get("--max-packets")),
  };
  const known = Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined));
  const reply = await call("AddPolicy", { vm, vcpuNumbers: cpusArgument(vcpus), kind, ...known });
  show(reply, () => `Policy ${reply.policy.id} of VM ${printable(vm)} ${wantsText(reply.policy)}`);
  return EXIT.ok;
}

async function remove({ call, show }: Context, vm: string, { values }: Given) {
  const id = number(values.get("--id"));
  const reply = await call("RemovePolicy", id === undefined ? { vm } : { vm, id });
  show(reply, () => {
    const { length } = reply.removed;
    return `${length} ${length === 1 ? "policy" : "policies"} of VM ${printable(vm)} removed`;
  });
  return EXIT.ok;
}

const COLUMNS: readonly Column[] = [
  { head: "ID", align: "right" },
  { head: "VM", flexible: true },
  { head: "VCPUS" },
  { head: "BY", flexible: true },
  { head: "WANTS" },
  { head: "RULE", flexible: true },
];

/** A table of policies. */
export function policiesText(policies: readonly Policy[], style: Style, width: number): string {
  const rows = policies.map((policy) => [
    `${policy.id}`,
    printable(policy.vm),
    `${policy.physical ? "CPU " : ""}${formatCpuList(policy.vcpus)}`,
    policy.by === undefined ? "guest" : printable(policy.by),
    policy.allowed ? (policy.wants ?? "-") : style.warn("forbidden"),
    ruleText(policy),
  ]);
  return drawTable(COLUMNS, rows, width);
}

function ruleText(policy: Policy): string {
  const { kind, busyHours = [], quietHours = [], trafficHours = [], macs, avgPackets, maxPackets } = policy;
  const parts = [
    ...(busyHours.length === 0 ? [] : [`max at ${formatCpuList(busyHours)}`]),
    ...(quietHours.length === 0 ? [] : [`min at ${formatCpuList(quietHours)}`]),
    ...(trafficHours.length === 0 ? [] : [`traffic at ${formatCpuList(trafficHours)}`]),
    ...(macs === undefined ? [] : [`medium from ${avgPackets}/s, max from ${maxPackets}/s`]),
    ...(macs === undefined ? [] : [`of ${macs.join(" ")}`]),
    ...(policy.packetsPerSecond === undefined ? [] : [`now ${Math.round(policy.packetsPerSecond)}/s`]),
  ];
  return parts.length === 0 ? kind : `${kind}: ${parts.join(", ")}`;
}

function wantsText({ wants }: Policy): string {
  return wants === undefined ? "is in force, and wants nothing now" : `is in force, and wants ${wants} now`;
}

function hours(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const list = parseCpuList(text) ?? [];
  if (list.length === 0 || list.some((hour) => hour >= HOURS))
    throw new UsageError(`"${text}" is not a list of hours from 0 to ${HOURS - 1}, like 8-17,22`);
  return list;
}

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`"${text}" is not a number`);
  return Number(text);
}

function oneOf<T extends string>(text: string | undefined, flag: string, words: readonly T[]): T | undefined {
  const found = words.find((word) => word === text);
  if (text !== undefined && found === undefined)
    throw new UsageError(`"${text}" is no ${flag}: it is one of ${words.join(", ")}`);
  return found;
}
