import { xenRole } from "../../../os/xen/dom0.ts";
import { advice, type Check, repair } from "../check.ts";
import { halves } from "../halves.ts";
import type { HostFiles } from "../host-files.ts";

const DEFAULT_DIRECTORY = "/tmp/powermonitor";

/** libvirt's read-only sockets. */
const LIBVIRT_SOCKETS = ["/run/libvirt/virtqemud-sock-ro", "/run/libvirt/libvirt-sock-ro"];

/** Logs in which the kernel reports what a security module denied. */
const LOGS = ["/var/log/audit/audit.log", "/var/log/kern.log", "/var/log/syslog"];

/** Checks libvirt, and the security modules between it, QEMU and the daemon. */
export const HYPERVISOR_CHECKS: readonly Check[] = [
  {
    name: "hypervisor",
    find({ daemon }) {
      if (daemon === undefined) return undefined;
      const { driver, note, problem } = daemon.status.hypervisor;
      const said = driver !== "libvirt" && problem !== undefined ? [problem] : [];
      return [...said, ...(note === undefined ? [] : [note])].map((each) => repair(...halves(each)));
    },
  },
  {
    name: "libvirt",
    find({ files, daemon }) {
      const driver = daemon?.status.hypervisor.driver ?? (xenRole(files) === "dom0" ? "xen" : "libvirt");
      if (driver !== "libvirt") return [];
      const state = daemon?.status.hypervisor.state;
      if (state === "connected") return [];
      const problem = daemon?.status.hypervisor.problem;
      if (problem !== undefined)
        return [repair(`libvirt cannot be reached: ${problem}`, "systemctl status libvirtd virtqemud")];
      if (LIBVIRT_SOCKETS.some((path) => files.stat(path)?.isSocket())) return [];
      return [repair("libvirt does not run: it has no socket", "systemctl start libvirtd")];
    },
  },
  {
    name: "AppArmor",
    ofHost: true,
    find({ files, daemon }) {
      if (files.text("/sys/module/apparmor/parameters/enabled") !== "Y") return [];
      const path = daemon?.status.channelDirectory ?? DEFAULT_DIRECTORY;
      if (!isDenied(files, /apparmor="DENIED"/, path)) return [];
      return [
        repair(
          `AppArmor keeps QEMU from its sockets in "${path}"`,
          `echo '${path}/* rw,' >> /etc/apparmor.d/local/abstractions/libvirt-qemu && systemctl reload apparmor`,
        ),
      ];
    },
  },
  {
    name: "SELinux",
    ofHost: true,
    find({ files, daemon }) {
      if (files.text("/sys/fs/selinux/enforce") !== "1") return [];
      const path = daemon?.status.channelDirectory ?? DEFAULT_DIRECTORY;
      const label = `semanage fcontext -a -t qemu_var_run_t '${path}(/.*)?' && restorecon -R ${path}`;
      if (isDenied(files, /avc:\s+denied/, path))
        return [repair(`SELinux keeps QEMU or the daemon from the sockets in "${path}"`, label)];
      return [
        advice(
          `SELinux is enforcing: QEMU may be kept from "${path}", though not from sockets without a path in the definition`,
          label,
        ),
      ];
    },
  },
];

function isDenied(files: HostFiles, mark: RegExp, path: string): boolean {
  return LOGS.some((log) =>
    files
      .text(log)
      ?.split("\n")
      .some((line) => mark.test(line) && line.includes(path)),
  );
}
