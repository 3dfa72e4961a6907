import type { Policy } from "../../admin/control-types.ts";
import { PACKETS_MAX, POLICY_ID_MAX } from "../../admin/parameters.ts";
import { formatCpuList, parseCpuList } from "../../base/cpu-list.ts";
import { POLICY_KINDS } from "../../base/policy-kind.ts";
import { HOURS, MAC_PATTERN, POLICY_MACS_MAX } from "../../base/policy-rule.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { wholeNumber, wordOf } from "../../terminal/option-values.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { printable, quoted } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { optionOf, vcpusArgument } from "../arguments.ts";
import type { Context, Given, Verb } from "../verb.ts";

const ACTIONS = ["list", "add", "remove"] as const;
const WORKLOADS = ["high", "medium", "low"] as const;

/** What a rule by traffic consists of. */
const TRAFFIC_FLAGS = ["--mac", "--avg-packets", "--max-packets"];

const HOUR_FLAGS = ["--busy-hours", "--quiet-hours", "--traffic-hours"];

/** The options that each action takes. */
const OPTIONS: Readonly<Record<(typeof ACTIONS)[number], readonly string[]>> = {
  list: [],
  add: ["--vcpus", "--type", "--workload", ...HOUR_FLAGS, ...TRAFFIC_FLAGS],
  remove: ["--id"],
};

const PACKETS = wholeNumber("a whole number", 0, PACKETS_MAX);

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
    const known = ACTIONS.find((each) => each === action);
    if (known === undefined)
      throw new UsageError(`policy has no action ${quoted(action)}: it is one of ${ACTIONS.join(", ")}`);
    const stray = [...given.values.keys()].find((flag) => !OPTIONS[known].includes(flag));
    if (stray !== undefined) throw new UsageError(`policy ${known} does not take ${stray}: leave it out`);
    if (known === "list") return list(context, vm);
    if (vm === undefined) throw new UsageError(`policy ${known} lacks the VM: write policy ${known} <vm>`);
    return known === "add" ? add(context, vm, given) : remove(context, vm, given);
  },
};

async function list({ call, show, style, io }: Context, vm: string | undefined) {
  const reply = await call("ListPolicies", vm === undefined ? {} : { vm });
  show(reply, () =>
    reply.policies.length === 0 ? "No policies" : policiesText(reply.policies, style, textWidth(io)),
  );
  return EXIT.ok;
}

async function add({ call, show }: Context, vm: string, { values }: Given) {
  const kind = optionOf(values, "--type", wordOf(POLICY_KINDS));
  const vcpuNumbers = optionOf(values, "--vcpus", vcpusArgument);
  if (kind === undefined)
    throw new UsageError(`policy add lacks --type: it is one of ${POLICY_KINDS.join(", ")}`);
  if (vcpuNumbers === undefined)
    throw new UsageError("policy add lacks --vcpus: name vCPUs like --vcpus 0-3");
  judgeFlags(kind, values);
  const given = {
    busyHours: optionOf(values, "--busy-hours", hours),
    quietHours: optionOf(values, "--quiet-hours", hours),
    trafficHours: optionOf(values, "--traffic-hours", hours),
    workload: optionOf(values, "--workload", wordOf(WORKLOADS)),
    macs: optionOf(values, "--mac", macs),
    avgPackets: optionOf(values, "--avg-packets", PACKETS),
    maxPackets: optionOf(values, "--max-packets", PACKETS),
  };
  const { avgPackets = 0, maxPackets = 0 } = given;
  if (avgPackets > maxPackets)
    throw new UsageError(`--avg-packets ${avgPackets} is above --max-packets ${maxPackets}: lower the first`);
  const known = Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined));
  const reply = await call("AddPolicy", { vm, vcpuNumbers, kind, ...known });
  show(reply, () => `Policy ${reply.policy.id} of VM ${printable(vm)} ${wantsText(reply.policy)}`);
  return EXIT.ok;
}

/** Throws if a policy of this kind would lack what it decides by. */
function judgeFlags(kind: (typeof POLICY_KINDS)[number], values: ReadonlyMap<string, string>): void {
  if (kind === "workload" && !values.has("--workload"))
    throw new UsageError(`A policy by workload lacks --workload: it is one of ${WORKLOADS.join(", ")}`);
  if (kind === "time" && !HOUR_FLAGS.some((flag) => values.has(flag)))
    throw new UsageError(
      `A policy by time lacks its hours: add one of ${HOUR_FLAGS.join(", ")}, like --busy-hours 8-17`,
    );
  const byTraffic = kind === "traffic" || values.has("--traffic-hours");
  const missing = byTraffic ? TRAFFIC_FLAGS.filter((flag) => !values.has(flag)) : [];
  if (missing.length > 0)
    throw new UsageError(
      `A policy by traffic lacks ${missing.join(", ")}: add ${missing.length === 1 ? "it" : "them"}`,
    );
}

async function remove({ call, show }: Context, vm: string, { values }: Given) {
  const id = optionOf(values, "--id", wholeNumber("a whole number", 1, POLICY_ID_MAX));
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

function hours(text: string): readonly number[] {
  const list = parseCpuList(text) ?? [];
  if (list.length === 0 || list.some((hour) => hour >= HOURS))
    throw new UsageError(`${quoted(text)} is not a list of hours from 0 to ${HOURS - 1}, like 8-17,22`);
  return list;
}

function macs(text: string): readonly string[] {
  const list = text.toLowerCase().split(",");
  const wrong = list.find((each) => !MAC_PATTERN.test(each));
  if (wrong !== undefined)
    throw new UsageError(`${quoted(wrong)} is not a MAC address like 52:54:00:12:34:56`);
  if (list.length > POLICY_MACS_MAX)
    throw new UsageError(
      `${list.length} MAC addresses are too many: at most ${POLICY_MACS_MAX} are possible`,
    );
  return list;
}
