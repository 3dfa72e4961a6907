import type { Vm } from "../../../admin/control-types.ts";
import { formatCpuList, parseCpuList } from "../../../base/cpu-list.ts";
import { advice, type Check, type Facts, isStatic, repair } from "../check.ts";
import { cpuText } from "../cpu-files.ts";

/** The most vCPUs with the same trouble that are named. */
const NAMED_MAX = 4;

/** Checks where guests run: pins, isolation, and VMs that share a clock or a core. */
export const PLACEMENT_CHECKS: readonly Check[] = [
  {
    name: "pins",
    find({ daemon }) {
      const loose = servedVms(daemon).flatMap(({ name, vcpus }) =>
        vcpus
          .filter(({ problem, pcpus }) => problem !== undefined && pcpus.length > 0)
          .map(({ vcpu, problem = "" }) => ({ vm: name, vcpu, problem })),
      );
      if (daemon === undefined) return undefined;
      return [...Map.groupBy(loose, ({ problem }) => problem)].map(([problem, same]) => {
        const [{ vm, vcpu } = { vm: "VM", vcpu: 0 }] = same;
        return repair(
          `${named(same.map((each) => `${each.vm}:${each.vcpu}`))}: ${problem}`,
          isStatic(daemon)
            ? `write one CPU for each vCPU into Vcpus= of [vm ${vm}]`
            : `vmpowerctl pin-vcpu ${vm} ${vcpu} CPU --live${daemon.status.hypervisor.driver === "xen" ? ", and cpus= in its configuration" : " --config"}`,
        );
      });
    },
  },
  {
    name: "isolation",
    onXen: false,
    find({ files, daemon }) {
      if (daemon === undefined) return undefined;
      const isolated = new Set(parseCpuList(cpuText(files, "isolated") ?? "") ?? []);
      const exposed = pinnedCpus(daemon).filter((pcpu) => !isolated.has(pcpu));
      if (exposed.length === 0) return [];
      const list = formatCpuList(exposed);
      return [
        advice(
          `CPU ${list} runs guests, and also other processes of the host`,
          `isolcpus=${list} nohz_full=${list} on the kernel's command line`,
        ),
      ];
    },
  },
  {
    name: "SMT",
    onXen: false,
    find({ files, daemon }) {
      if (daemon === undefined) return undefined;
      const owners = ownersOf(daemon);
      const cores = [...owners.keys()].flatMap((pcpu) => {
        const siblings = parseCpuList(cpuText(files, `cpu${pcpu}/topology/thread_siblings_list`) ?? "") ?? [];
        return siblings[0] === pcpu || !owners.has(siblings[0] ?? pcpu) ? [siblings] : [];
      });
      return cores
        .filter((core) => vmsOn(core, owners).size > 1)
        .map((core) =>
          advice(
            `CPU ${formatCpuList(core)} is one core, shared by ${named([...vmsOn(core, owners)])}: the higher claim takes effect for both`,
            "pin each VM to whole cores, or switch SMT off: echo off > /sys/devices/system/cpu/smt/control",
          ),
        );
    },
  },
  {
    name: "clock domains",
    find({ daemon }) {
      if (daemon === undefined) return undefined;
      const owners = ownersOf(daemon);
      const clocks = new Map(daemon.cpus.map(({ clock }) => [formatCpuList(clock), clock]));
      return [...clocks]
        .filter(([, clock]) => clock.length > 1 && vmsOn(clock, owners).size > 1)
        .map(([list, clock]) =>
          advice(
            `CPU ${list} has one clock, shared by ${named([...vmsOn(clock, owners)])}: the highest claim takes effect for all`,
            "pin each VM to clocks of its own: vmpowerctl show-cpu-freq shows which CPUs share one",
          ),
        );
    },
  },
];

function servedVms(daemon: Facts["daemon"]): Vm[] {
  return (
    daemon?.vms.filter(({ added, state, channels }) => added && state !== "absent" && channels.length > 0) ??
    []
  );
}

/** The VMs that are pinned to each CPU. */
function ownersOf(daemon: Facts["daemon"]): Map<number, Set<string>> {
  const owners = new Map<number, Set<string>>();
  for (const { name, vcpus } of servedVms(daemon))
    for (const { pcpus, problem } of vcpus)
      if (problem === undefined)
        for (const pcpu of pcpus) owners.set(pcpu, (owners.get(pcpu) ?? new Set()).add(name));
  return owners;
}

function pinnedCpus(daemon: Facts["daemon"]): number[] {
  return [...ownersOf(daemon).keys()].sort((a, b) => a - b);
}

function vmsOn(pcpus: readonly number[], owners: ReadonlyMap<number, Set<string>>): Set<string> {
  return new Set(pcpus.flatMap((pcpu) => [...(owners.get(pcpu) ?? [])]));
}

function named(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
  return `${names.slice(0, NAMED_MAX).join(", ")}${more}`;
}
