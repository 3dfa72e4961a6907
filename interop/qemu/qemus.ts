import fs from "node:fs";
import { join } from "node:path";
import { until } from "../../test/daemon/until.ts";

/** Where `interop/qemu/run` put kernel and initramfs, and where it wants files of a run. */
export const WORK = process.env["INTEROP_WORK"] ?? "";

const EXECUTABLE = "qemu-system-x86_64";

/** How a QEMU is started. */
export interface QemuStart {
  readonly name: string;
  readonly uuid: string;
  /** Starts it in mount and PID namespaces of its own, where /tmp is its own and empty. */
  readonly contained?: boolean;
  /** The user that it runs as; in a user namespace of his own if it is contained. */
  readonly uid?: number;
  /** Boots the small guest; else the machine waits for an order to begin. */
  readonly boots?: boolean;
  /** Directory of its sockets. */
  readonly sockets?: string;
  /** Words in front of the whole command. */
  readonly by?: readonly string[];
}

/** A QEMU that runs, by its number on this host. */
export interface Qemu {
  readonly pid: number;
  /** Lets the thread of a vCPU run on these CPUs only, as `taskset` does. */
  taskset(vcpu: number, cpus: string): void;
  kill(): Promise<void>;
}

/** Starts a QEMU with two vCPUs and a channel for each, and waits until it has the threads of both. */
export async function startQemu(start: QemuStart): Promise<Qemu> {
  const child = Bun.spawn([...(start.by ?? []), ...command(start)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  let pid: number | undefined;
  await until(() => {
    if (child.exitCode !== null) throw new Error(`QEMU ended with ${child.exitCode}`);
    pid = pidWith(start.uuid);
    return pid !== undefined && tidOf(pid, 1) !== undefined;
  });
  const found = pid ?? -1;
  return {
    pid: found,
    taskset(vcpu, cpus) {
      const { exitCode } = Bun.spawnSync(["taskset", "-p", "-c", cpus, `${tidOf(found, vcpu)}`]);
      if (exitCode !== 0) throw new Error(`taskset ended with ${exitCode}`);
    },
    async kill() {
      process.kill(found, "SIGKILL");
      await child.exited;
    },
  };
}

function command(start: QemuStart): string[] {
  const { contained = false, uid = 0 } = start;
  const user = uid === 0 ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const own = ["unshare", ...(uid === 0 ? [] : ["--user", "--map-root-user"]), "--mount", "--pid", "--fork"];
  if (!contained) return [...user, ...machine(start)];
  // The files of the guest are opened before /tmp, where they are, is another one.
  const script = `exec 8<${WORK}/kernel 9<${WORK}/initramfs; mount -t tmpfs none /tmp && exec "$@"`;
  return [...user, ...own, "--kill-child", "--mount-proc", "sh", "-c", script, "sh", ...machine(start)];
}

function machine({ name, uuid, boots, sockets = "/tmp" }: QemuStart): string[] {
  const port = (n: number) => [
    ...["-chardev", `socket,id=port${n},path=${sockets}/${name}.${n},server=on,wait=off`],
    ...["-device", `virtserialport,chardev=port${n},name=virtio.serial.port.poweragent.${n}`],
  ];
  const guest = ["-kernel", "/dev/fd/8", "-initrd", "/dev/fd/9", "-append", "console=ttyS1 mitigations=off"];
  return [
    ...[EXECUTABLE, "-name", `${name},debug-threads=on`, "-uuid", uuid, "-accel", "tcg,thread=multi"],
    ...["-smp", "2", "-m", boots ? "128" : "32", "-nodefaults", "-display", "none", "-no-user-config"],
    ...["-device", "virtio-serial-pci", ...port(0), ...port(1)],
    ...[
      "-chardev",
      `socket,id=orders,path=${sockets}/orders,server=on,wait=off`,
      "-serial",
      "chardev:orders",
    ],
    ...(boots ? guest : ["-S"]),
  ];
}

/** The process that is this QEMU: it has the UUID, and its program is QEMU. */
export function pidWith(uuid: string): number | undefined {
  const pids = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const pid = pids.find((each) => {
    const args = read(`/proc/${each}/cmdline`).split("\0");
    return args[0] === EXECUTABLE && args.includes(uuid);
  });
  return pid === undefined ? undefined : Number(pid);
}

function tidOf(pid: number, vcpu: number): string | undefined {
  const threads = fs.existsSync(`/proc/${pid}/task`) ? fs.readdirSync(`/proc/${pid}/task`) : [];
  return threads.find((tid) => read(`/proc/${pid}/task/${tid}/comm`).startsWith(`CPU ${vcpu}/`));
}

function read(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A cpuset of this run, by a control group of version 1 or 2; undefined if the kernel refuses one here. */
export function makeCpuset(): { put(pid: number, cpus: string): void; remove(): void } | undefined {
  const name = `vm-power-interop-${process.ppid}-${Date.now()}`;
  const [parent, isV2] = fs.existsSync("/sys/fs/cgroup/cgroup.controllers")
    ? ["/sys/fs/cgroup", true]
    : ["/sys/fs/cgroup/cpuset", false];
  const group = join(parent, name);
  try {
    if (isV2) fs.writeFileSync(join(parent, "cgroup.subtree_control"), "+cpuset");
    fs.mkdirSync(group);
    fs.writeFileSync(join(group, "cpuset.cpus"), "0-1");
    if (!isV2) fs.writeFileSync(join(group, "cpuset.mems"), "0");
  } catch {
    if (fs.existsSync(group)) fs.rmdirSync(group);
    return undefined;
  }
  return {
    put(pid, cpus) {
      fs.writeFileSync(join(group, "cpuset.cpus"), cpus);
      fs.writeFileSync(join(group, "cgroup.procs"), `${pid}`);
    },
    remove: () => fs.rmdirSync(group),
  };
}
