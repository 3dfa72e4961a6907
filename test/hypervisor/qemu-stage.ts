import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Hypervisor } from "../../src/hypervisor/hypervisor.ts";
import type { Kernel } from "../../src/hypervisor/qemu/kernel.ts";
import { openQemu } from "../../src/hypervisor/qemu/qemu.ts";
import { Recorder, until } from "./recorder.ts";

/** Short times, so that a test need not wait. */
const TIMING = { beatMs: 10, youngMs: 200, oldMs: 60 };

const PORT = (number: number) => [
  "-device",
  `virtserialport,chardev=c${number},name=virtio.serial.port.poweragent.${number}`,
];

/** Arguments of a QEMU with a channel behind each of these sockets. */
export function argsOf(name: string, sockets: readonly string[], more: readonly string[] = []): string[] {
  return [
    "qemu-system-x86_64",
    "-name",
    `${name},debug-threads=on`,
    ...more,
    ...sockets.flatMap((socket, i) => [
      "-chardev",
      `socket,id=c${i},${socket},server=on,wait=off`,
      ...PORT(i),
    ]),
  ];
}

/** A process as it is laid out by hand; of a thread, its name and where it may run. */
export interface PlayedProcess {
  readonly comm?: string;
  readonly args: readonly string[];
  readonly uids?: readonly number[];
  /** Its number in each PID namespace that it is in. */
  readonly pids?: readonly number[];
  readonly uidMap?: string;
  readonly startTicks?: number;
  /** Its root directory. */
  readonly root?: string;
  readonly threads?: ReadonlyMap<number, readonly [name: string, cpus: readonly number[]]>;
  /** The number that links of its descriptors name, by descriptor. */
  readonly fds?: ReadonlyMap<number, number>;
}

const OUR_USERS = "         0          0 4294967295\n";

/** A host of plain files that look like /proc, laid out after proc(5), and a driver that follows it. */
export class QemuStage implements AsyncDisposable {
  readonly recorder = new Recorder();
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "vm-power-proc-"));
  /** A directory for files of processes. */
  readonly files = fs.mkdtempSync(path.join(os.tmpdir(), "vm-power-files-"));
  readonly affinity = new Map<number, readonly number[]>();
  readonly rule = { trustedUids: new Set([0, 64055]), containers: false };
  cpus = [0, 1, 2, 3];
  #held = new Map<number, number>();
  #nextHold = 100;
  #follower: Hypervisor | undefined;

  constructor() {
    this.start(1, { comm: "systemd", args: ["/sbin/init"] });
    this.start(process.pid, { comm: "vm-power", args: ["vm-power"] });
  }

  /** Starts a process; two vCPUs on CPU 1 and 2, if its threads are not given. */
  start(pid: number, played: PlayedProcess): void {
    const { args, comm = "qemu-system-x86", uids = [0, 0, 0, 0], pids = [pid], uidMap = OUR_USERS } = played;
    const {
      startTicks = pid,
      root = "/",
      fds = new Map(),
      threads = isQemu(comm) ? usualThreads(pid) : new Map(),
    } = played;
    const directory = `${this.root}/${pid}`;
    fs.mkdirSync(`${directory}/task`, { recursive: true });
    fs.mkdirSync(`${directory}/fd`);
    fs.mkdirSync(`${directory}/net`);
    fs.symlinkSync(root, `${directory}/root`);
    fs.writeFileSync(`${directory}/comm`, `${comm}\n`);
    fs.writeFileSync(`${directory}/cmdline`, args.map((arg) => `${arg}\0`).join(""));
    fs.writeFileSync(
      `${directory}/status`,
      `Name:\t${comm}\nTgid:\t${pid}\nUid:\t${uids.join("\t")}\nNSpid:\t${pids.join("\t")}\nThreads:\t3\n`,
    );
    fs.writeFileSync(`${directory}/uid_map`, uidMap);
    fs.writeFileSync(
      `${directory}/stat`,
      `${pid} (${comm}) S 1 1 1 0 -1 4194560 1 0 0 0 2 1 0 0 20 0 3 0 ${startTicks} 1409368064 9452\n`,
    );
    for (const [fd, inode] of fds) fs.symlinkSync(`socket:[${inode}]`, `${directory}/fd/${fd}`);
    this.thread(pid, pid, comm, this.cpus);
    for (const [tid, [name, cpus]] of threads) this.thread(pid, tid, name, cpus);
  }

  /** A process starts a thread. */
  thread(pid: number, tid: number, name: string, cpus: readonly number[]): void {
    const directory = `${this.root}/${pid}/task/${tid}`;
    fs.mkdirSync(directory);
    fs.writeFileSync(`${directory}/comm`, `${name}\n`);
    fs.writeFileSync(`${directory}/schedstat`, `${tid * 1000} 7 3\n`);
    this.affinity.set(tid, cpus);
  }

  endThread(pid: number, tid: number): void {
    fs.rmSync(`${this.root}/${pid}/task/${tid}`, { recursive: true });
    this.affinity.delete(tid);
  }

  /** A process ends; who holds it sees that, also when the number is given to another process at once. */
  end(pid: number): void {
    fs.rmSync(`${this.root}/${pid}`, { recursive: true });
    for (const [hold, of] of this.#held) if (of === pid) this.#held.set(hold, 0);
  }

  /** How many processes the driver holds. */
  get held(): number {
    return this.#held.size;
  }

  /** Follows, and waits until everything that is there was reported. */
  async followed(): Promise<Hypervisor> {
    const kernel: Kernel = {
      affinity: (tid) => this.affinity.get(tid),
      hold: (pid) => {
        if (!fs.existsSync(`${this.root}/${pid}`)) return undefined;
        this.#held.set(++this.#nextHold, pid);
        return this.#nextHold;
      },
      release: (hold) => void this.#held.delete(hold),
      ended: (holds) => holds.filter((hold) => this.#held.get(hold) === 0),
      cpus: () => new Set(this.cpus),
    };
    const { log } = this.recorder;
    const options = { log, rule: this.rule, root: this.root, kernel, timing: TIMING };
    this.#follower = openQemu(options, this.recorder);
    await until(() => this.recorder.told.includes("ready"));
    return this.#follower;
  }

  /** Waits for a report, and returns all reports since the last call. */
  async told(line: string): Promise<string[]> {
    await until(
      () => this.recorder.told.includes(line),
      () => [this.recorder.told, this.recorder.lines],
    );
    return this.recorder.news();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower?.close();
    for (const directory of [this.root, this.files]) fs.rmSync(directory, { recursive: true, force: true });
  }
}

function isQemu(comm: string): boolean {
  return comm.startsWith("qemu") || comm === "kvm";
}

function usualThreads(pid: number): Map<number, readonly [string, readonly number[]]> {
  return new Map([
    [pid * 10, ["call_rcu", [0, 1, 2, 3]]],
    [pid * 10 + 1, ["CPU 0/KVM", [1]]],
    [pid * 10 + 2, ["CPU 1/KVM", [2]]],
  ]);
}
