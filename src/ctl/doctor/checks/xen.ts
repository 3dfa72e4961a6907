import { formatCpuList } from "../../../base/cpu-list.ts";
import { advice, type Check, repair } from "../check.ts";
import { halves } from "../halves.ts";
import { CHOSEN } from "./clocks.ts";

const P_STATES = "modprobe xen-acpi-processor && echo xen-acpi-processor > /etc/modules-load.d/vm-power.conf";

/** Xen's own domain, which needs no channel. */
const CONTROL_DOMAIN = "Domain-0";

/** Checks a Xen host: who sets its clocks, and what xl makes of channels. */
export const XEN_CHECKS: readonly Check[] = [
  {
    name: "Xen's clocks",
    onXen: true,
    find({ daemon }) {
      const left = daemon?.cpus.filter(({ managed, reason = "" }) => !managed && !CHOSEN.test(reason));
      if (left === undefined) return undefined;
      return [...Map.groupBy(left, ({ reason = "" }) => reason)].map(([reason, cpus]) => {
        const [fault, remedy] = halves(reason);
        return repair(`CPU ${formatCpuList(cpus.map(({ pcpu }) => pcpu))}: ${fault}`, remedy);
      });
    },
  },
  {
    name: "P-states",
    onXen: true,
    find({ files, daemon }) {
      if (files.stat("/sys/module/xen_acpi_processor") !== undefined) return [];
      if (daemon !== undefined && daemon.status.cpusManaged > 0) return [];
      return [
        repair("Nobody tells Xen the P-states of the CPUs: xen-acpi-processor is not loaded", P_STATES),
      ];
    },
  },
  {
    name: "first channel",
    onXen: true,
    find({ daemon }) {
      const served = daemon?.vms.filter(
        ({ name, state, added }) => added && state !== "absent" && name !== CONTROL_DOMAIN,
      );
      if (served === undefined) return undefined;
      const lost = served.filter(
        ({ channels }) => channels.length > 0 && channels.every(({ number }) => number !== 0),
      );
      const without = served.filter(({ channels }) => channels.length === 0);
      const remedy = (name: string) =>
        `vmpowerctl channel-config ${name} --format xl prints channel= with a first entry that may be lost`;
      return [
        ...lost.map(({ name }) =>
          repair(`${name} has no channel 0: xl loses the first entry of channel=`, remedy(name)),
        ),
        ...without.map(({ name }) =>
          advice(
            `${name} has no channel. If its configuration has one, xl lost it: it loses the first entry of channel=`,
            remedy(name),
          ),
        ),
      ];
    },
  },
];
