import type { Claim, Contract, PinnedThread, Times, Vcpu, Vm } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { POLICY_KINDS } from "../../base/policy-kind.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatDuration, formatRange, formatTimeOfDay, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { switchArgument } from "../arguments.ts";
import { changesText, statesText } from "../times-text.ts";
import type { Verb } from "../verb.ts";
import { possibleName, VM } from "../vm-argument.ts";
import { channelsText } from "./list.ts";
import { policiesText } from "./policy.ts";

/** Verbs `show-vm`, `add-vm`, `rm-vm`, `forget-vm`, `set-query`. */
export const VM_VERBS: readonly Verb[] = [
  {
    name: "show-vm",
    summary: "Show a VM: its contract, vCPUs and channels",
    arguments: [VM],
    examples: [["show-vm web1", "what it may ask, and what it asked"]],
    async run({ call, show, style, io }, { arguments: [vm = ""] }) {
      const reply = await call("ShowVm", { vm });
      show(reply, () => vmText(reply.vm, style, textWidth(io)));
      return EXIT.ok;
    },
  },
  {
    name: "add-vm",
    summary: "Serve a VM's guest, also after restarts of the daemon",
    arguments: [VM],
    examples: [["add-vm web1", "needed where the daemon runs with AutoAdd=no"]],
    async run({ call, show, io }, { arguments: [vm = ""] }) {
      const reply = await call("AddVm", { vm: possibleName(vm) });
      const warning = reply.warning === undefined ? "" : `; ${printable(reply.warning)}`;
      show(reply, () => wrapLine(`VM ${printable(vm)} is served${warning}`, textWidth(io), 2));
      return EXIT.ok;
    },
  },
  {
    name: "rm-vm",
    summary: "Stop serving a VM: its channels close, its claims end",
    arguments: [VM],
    examples: [["rm-vm web1", "the VM itself runs on"]],
    async run({ call, show }, { arguments: [vm = ""] }) {
      show(await call("RemoveVm", { vm }), () => `VM ${printable(vm)} is no longer served`);
      return EXIT.ok;
    },
  },
  {
    name: "forget-vm",
    summary: "Forget what operators decided about a VM that is gone",
    arguments: [VM],
    examples: [["forget-vm web1", "it is not listed any more"]],
    async run({ call, show }, { arguments: [vm = ""] }) {
      show(await call("ForgetVm", { vm }), () => `VM ${printable(vm)} is forgotten`);
      return EXIT.ok;
    },
  },
  {
    name: "set-query",
    summary: "Let a guest ask for frequencies and capabilities",
    arguments: [
      VM,
      { name: "switch", required: true, doc: "enable or disable", kind: ["enable", "disable"] },
    ],
    examples: [["set-query web1 enable", "for guests that read back what they set"]],
    async run({ call, show }, { arguments: [vm = "", word = ""] }) {
      const enabled = switchArgument(word, ["enable", "disable"]);
      const reply = await call("SetQuery", { vm, enabled });
      show(reply, () => `Queries of VM ${printable(vm)} are ${enabled ? "answered" : "refused"}`);
      return EXIT.ok;
    },
  },
];

const VCPU_COLUMNS: readonly Column[] = [
  { head: "VCPU", align: "right" },
  { head: "CPUS" },
  { head: "WANTS" },
  { head: "ASKED" },
  { head: "AT" },
  { head: "PROBLEM", flexible: true },
];

function vmText(vm: Vm, style: Style, width: number): string {
  const state = `${printable(vm.state)}${vm.detail === "" ? "" : ` (${printable(vm.detail)})`}`;
  const served = vm.added ? style.good("served") : style.warn("not served: vmpowerctl add-vm");
  const head = `${style.bold(printable(vm.name))}  ${state}, ${served}`;
  const parts = [`${head}\nMay ask for ${contractText(vm.contract)}`];
  if (vm.vcpus.length > 0)
    parts.push(
      drawTable(
        VCPU_COLUMNS,
        vm.vcpus.map((vcpu) => vcpuRow(vcpu, style)),
        width,
      ),
    );
  if (vm.threads !== undefined) parts.push(vm.threads.map((thread) => threadText(thread)).join("\n"));
  if (vm.policies !== undefined && vm.policies.length > 0)
    parts.push(policiesText(vm.policies, style, width));
  parts.push(channelsText(vm.channels, style, width));
  if (vm.times !== undefined) parts.push(timesText(vm.times, width));
  return parts.join("\n\n");
}

function timesText(times: Times, width: number): string {
  const lines = [`vCPUs were ${statesText(times)}`, changesText(times)];
  return lines.map((line) => wrapLine(line, width, 2)).join("\n");
}

function vcpuRow({ vcpu, pcpus, problem, claim }: Vcpu, style: Style): string[] {
  return [
    `${vcpu}`,
    pcpus.length === 0 ? "-" : formatCpuList(pcpus),
    claim === undefined ? "-" : claimText(claim),
    claim === undefined ? "-" : printable(claim.asked),
    claim === undefined ? "-" : formatTimeOfDay(claim.atMs),
    problem === undefined ? "" : style.warn(printable(problem)),
  ];
}

function threadText({ name, pcpus }: PinnedThread): string {
  return `The ${printable(name)} may run on CPU ${formatCpuList(pcpus)}`;
}

/** What a vCPU wants, and what becomes of that by itself. */
function claimText({ khz, turbo, dueKhz, dueInMs, endsInMs }: Claim): string {
  const due = dueKhz === undefined ? "" : `, ${formatKhz(dueKhz)} in ${formatDuration(dueInMs ?? 0)}`;
  const ends = endsInMs === undefined ? "" : `, ends in ${formatDuration(endsInMs)}`;
  return `${formatKhz(khz)}${turbo ? ", turbo" : ""}${due}${ends}`;
}

/** How many operations there are. */
const OPERATIONS = 6;

/** Describes what a VM's guest may ask for. */
export function contractText(contract: Contract): string {
  const { turbo, query, physicalCores, dryRun, operations, policies } = contract;
  const { epp, resumeLatencyUs, governors, uncoreMinKhz, uncoreMaxKhz } = contract;
  return [
    ...(contract.class === undefined ? [] : [`class ${printable(contract.class)}`]),
    limitsText(contract),
    ...floorText(contract),
    turbo ? "turbo" : "no turbo",
    // All of them are not worth a word.
    ...(operations === undefined || operations.length === OPERATIONS
      ? []
      : [onlyText(operations, "operations")]),
    ...(policies === undefined || policies.length === POLICY_KINDS.length
      ? []
      : [onlyText(policies, "policies")]),
    query ? "queries" : "no queries",
    ...(contract.energy === true ? ["its energy"] : []),
    ...(physicalCores ? ["physical CPUs by number"] : []),
    ...(epp === undefined ? [] : [`energy preference ${printable(epp)}`]),
    ...(resumeLatencyUs === undefined ? [] : [wakeText(resumeLatencyUs)]),
    ...(governors === undefined ? [] : [`governor ${governors.map(printable).join("/")}`]),
    ...(uncoreMinKhz === undefined ? [] : [`uncore at least ${formatKhz(uncoreMinKhz)}`]),
    ...(uncoreMaxKhz === undefined ? [] : [`uncore at most ${formatKhz(uncoreMaxKhz)}`]),
    ...(dryRun ? ["as a dry run"] : []),
  ].join(", ");
}

function wakeText(us: number): string {
  return us === 0 ? "CPUs that never sleep" : `CPUs that wake in ${us} µs`;
}

function limitsText({ minKhz, maxKhz, minPercent, maxPercent }: Contract): string {
  if (minPercent === undefined && maxPercent === undefined) {
    const limits = formatRange(minKhz, maxKhz);
    return limits === "-" ? "any speed" : limits;
  }
  const min = minPercent === undefined ? minKhz && formatKhz(minKhz) : `${minPercent} %`;
  const max = maxPercent === undefined ? maxKhz && formatKhz(maxKhz) : `${maxPercent} %`;
  return [min && `≥ ${min}`, max && `≤ ${max}`].filter(Boolean).join(" and ");
}

function floorText({ emulatorMinKhz, emulatorMinPercent }: Contract): string[] {
  if (emulatorMinKhz !== undefined) return [`its emulator ≥ ${formatKhz(emulatorMinKhz)}`];
  return emulatorMinPercent === undefined ? [] : [`its emulator ≥ ${emulatorMinPercent} %`];
}

function onlyText(words: readonly string[], what: string): string {
  return words.length === 0 ? `no ${what}` : `only ${words.map(printable).join("/")}`;
}
