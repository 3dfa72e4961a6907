import { type Check, repair } from "../check.ts";
import { halves } from "../halves.ts";

/** Open files besides channels: sockets of clients, the log, libvirt. */
const OTHER_FILES = 128;

/** Open files of one CPU: governor, lower and upper limit. */
const FILES_PER_CPU = 3;

/** Checks the daemon and who may use it. */
export const DAEMON_CHECKS: readonly Check[] = [
  {
    name: "daemon",
    find: ({ unreachable }) => (unreachable === undefined ? [] : [repair(...halves(unreachable))]),
  },
  {
    name: "groups",
    ofHost: true,
    find({ files }) {
      const groups = files.text("/etc/group");
      if (groups === undefined) return undefined;
      if (/^vm-power:/m.test(groups)) return [];
      return [
        repair("There is no group vm-power: only root may use vmpowerctl", "groupadd --system vm-power"),
      ];
    },
  },
  {
    name: "limits",
    find({ files, daemon }) {
      const limits = files.text(`/proc/${daemon?.status.pid}/limits`);
      const open = /^Max open files\s+(\d+)/m.exec(limits ?? "")?.[1];
      if (daemon === undefined || open === undefined) return undefined;
      const needed = daemon.status.channels + daemon.status.cpusManaged * FILES_PER_CPU + OTHER_FILES;
      if (Number(open) >= needed) return [];
      return [
        repair(
          `The daemon may open ${open} files, and needs up to ${needed}`,
          `systemctl edit vm-power: [Service] LimitNOFILE=${needed * 2}, then systemctl restart vm-power`,
        ),
      ];
    },
  },
];
