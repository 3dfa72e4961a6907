import type { VcpuInfo } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { VCPUS_MAX } from "../../base/domain.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { wholeNumber } from "../../terminal/option-values.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { cpuSetArgument, vcpuNumberArgument } from "../arguments.ts";
import type { Option, Verb } from "../verb.ts";
import { VM } from "../vm-argument.ts";

const AFFECTED: readonly Option[] = [
  { flag: "--live", doc: "change the VM that runs, until it stops" },
  { flag: "--config", doc: "change its definition, for the next start" },
];

/** Verbs `vcpus`, `pin-vcpu`, `set-vcpus`, which use the hypervisor. */
export const VCPU_VERBS: readonly Verb[] = [
  {
    name: "vcpus",
    summary: "Show a VM's vCPUs as the hypervisor reports them",
    arguments: [VM],
    examples: [["vcpus web1", "state, CPU time, where each runs and may run"]],
    async run({ call, show, io }, { arguments: [vm = ""] }) {
      const reply = await call("ListVcpus", { vm });
      show(reply, () => drawTable(COLUMNS, reply.vcpus.map(vcpuRow), textWidth(io)));
      return EXIT.ok;
    },
  },
  {
    name: "pin-vcpu",
    summary: "Run a vCPU on these CPUs only; claims follow at once",
    arguments: [
      VM,
      { name: "vcpu", required: true, doc: "number of the vCPU", kind: "text" },
      { name: "cpus", required: true, doc: "CPUs like 2-5,8, or a mask like 0x3c", kind: "cpus" },
    ],
    options: AFFECTED,
    examples: [
      ["pin-vcpu web1 0 2", "until the VM stops"],
      ["pin-vcpu web1 1 2-3 --live --config", "now, and for good"],
    ],
    async run({ call, show }, { arguments: [vm = "", number = "", cpus = ""], flags }) {
      const vcpu = vcpuNumberArgument(number);
      const pcpus = cpuSetArgument(cpus);
      const reply = await call("PinVcpu", { vm, vcpu, pcpus, ...affectedBy(flags) });
      show(
        reply,
        () => `vCPU ${vcpu} of VM ${printable(vm)} runs on CPU ${formatCpuList(pcpus)}${scope(flags)}`,
      );
      return EXIT.ok;
    },
  },
  {
    name: "set-vcpus",
    summary: "Set the number of a VM's vCPUs",
    arguments: [VM, { name: "count", required: true, doc: "the new number of vCPUs", kind: "text" }],
    options: AFFECTED,
    examples: [
      ["set-vcpus web1 4 --live", "until it stops"],
      ["set-vcpus web1 4 --config", "from the next start on"],
    ],
    async run({ call, show }, { arguments: [vm = "", number = ""], flags }) {
      const count = wholeNumber("a number of vCPUs", 1, VCPUS_MAX)(number);
      const reply = await call("SetVcpus", { vm, count, ...affectedBy(flags) });
      show(
        reply,
        () => `VM ${printable(vm)} has ${count === 1 ? "1 vCPU" : `${count} vCPUs`}${scope(flags)}`,
      );
      return EXIT.ok;
    },
  },
];

function affectedBy(flags: ReadonlySet<string>) {
  return { live: flags.has("--live"), config: flags.has("--config") };
}

function scope(flags: ReadonlySet<string>): string {
  const { live, config } = affectedBy(flags);
  if (live === config) return live ? ", now and from its next start on" : "";
  return live ? ", until it stops" : ", from its next start on";
}

const COLUMNS: readonly Column[] = [
  { head: "VCPU", align: "right" },
  { head: "STATE" },
  { head: "CPU TIME", align: "right" },
  { head: "RUNS ON", align: "right" },
  { head: "MAY RUN ON", flexible: true },
];

function vcpuRow({ vcpu, state, cpuTimeMs, pcpu, pcpus }: VcpuInfo): string[] {
  return [
    `${vcpu}`,
    printable(state),
    state === "offline" ? "-" : `${(cpuTimeMs / 1000).toFixed(1)} s`,
    pcpu === undefined ? "-" : `${pcpu}`,
    pcpus.length === 0 ? "-" : formatCpuList(pcpus),
  ];
}
