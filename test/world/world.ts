import { drainMicrotasks } from "bun:jsc";
import { Judge } from "./judge/judge.ts";
import { type Directory, Disk, type DiskFault } from "./machine/disk.ts";
import { Killed } from "./machine/errno.ts";
import { Kernel } from "./machine/kernel.ts";
import type { Policy } from "./machine/kernel-policy.ts";
import type { Linked } from "./machine/link.ts";
import type { Machine, Program } from "./machine/program.ts";
import { Random } from "./machine/random.ts";
import { Timeline } from "./machine/timeline.ts";
import { Marks } from "./marks.ts";
import { configText } from "./players/config.ts";
import { type Guest, QEMU_UID } from "./players/guest.ts";
import { GOOD_MANNERS, Libvirtd } from "./players/libvirtd.ts";
import { CONFIG, Service } from "./players/service.ts";
import { CHANNEL_DIRECTORY, type Vm } from "./players/vm.ts";
import type { Profile } from "./profile.ts";
import { Trace } from "./trace.ts";

/** An invariant that did not hold. */
export interface Violation {
  readonly invariant: string;
  readonly why: string;
  readonly atMs: number;
}

/** A restart during which nothing else happens. */
interface Restarting {
  readonly sinceMs: number;
  /** The state of each policy before it. */
  readonly before: ReadonlyMap<Policy, string>;
  /** The first version, which the daemon before is, hands over no guest policies. */
  readonly isUpgrade: boolean;
}

/** The host, everybody on it, and the judge. */
export class World implements Machine {
  readonly profile: Profile;
  readonly linked: Linked;
  readonly timeline: Timeline;
  readonly disk: Disk;
  readonly kernel: Kernel;
  readonly libvirtd: Libvirtd;
  readonly service: Service;
  readonly judge: Judge;
  readonly trace: Trace;
  readonly marks = new Marks();
  readonly vms = new Map<string, Vm>();
  /** By name of the VM; only of VMs that are not off. */
  readonly guests = new Map<string, Guest>();
  /** Guests that wait for answers. */
  readonly awaiting = new Set<Guest>();
  readonly locks = new Map<number, Program>();
  readonly descriptorsMax = 4096;
  /** Times of the lines of the log. */
  readonly lines: number[] = [];
  writing: Program | undefined;
  delivering: string | undefined;
  violation: Violation | undefined;
  /** Whether everything was healed and settled, and nothing but guests' requests happens. */
  isFair = false;
  restarting: Restarting | undefined;
  /** The VM of a trial; the VM that is paused for one, and the CPU that has an order for one. */
  tried: Vm | undefined;
  paused: Vm | undefined;
  ordered: number | undefined;
  /** Another CPU of its clock that is switched off for the trial. */
  switched: number | undefined;
  /** Whether other programs disputed a clock since the last calm. */
  isDisputed = false;
  /** How often something happened that guests' requests do not explain. */
  disturbances = 0;
  /** When the kernel or the disk refused something last: the daemon waits longer and longer before it tries again. */
  refusedMs = Number.NEGATIVE_INFINITY;
  /** How often the world was calm, and everything was judged. */
  calms = 0;
  nextRun = 1;

  constructor(
    seed: number,
    {
      profile,
      linked,
      print,
    }: { profile: Profile; linked: Linked; print?: ((line: string) => void) | undefined },
  ) {
    this.profile = profile;
    this.linked = linked;
    this.timeline = new Timeline(profile.wallMs);
    this.trace = new Trace(() => this.timeline.nowMs, print);
    this.disk = new Disk(() => this.timeline.nowMs);
    this.#makeFiles();
    this.kernel = new Kernel(profile.hardware, this.disk);
    this.kernel.witness = (policy, file, text) => this.judge.wrote(policy, file, text, this.writing);
    this.libvirtd = new Libvirtd(this.vms, {
      timeline: this.timeline,
      disk: this.disk,
      random: Random.of(seed, "libvirtd"),
    });
    this.service = new Service(this);
    this.judge = new Judge(this);
  }

  /** Lets one thing happen, and has it judged. False if nothing waits. */
  step(): boolean {
    const went = this.timeline.step();
    this.turn();
    return went;
  }

  /** Lets all that was begun go on as far as it can without time, and has it judged. */
  turn(): void {
    drainMicrotasks();
    this.judge.stepped();
  }

  /** Lets time pass until then. */
  runUntil(atMs: number): void {
    while (this.violation === undefined && this.timeline.nextMs() <= atMs) this.step();
    if (this.timeline.nowMs < atMs && this.violation === undefined) this.timeline.nowMs = atMs;
  }

  fail(invariant: string, why: string): void {
    this.violation ??= { invariant, why, atMs: this.timeline.nowMs };
  }

  /** Something happened that guests' requests do not explain. */
  disturb(): void {
    this.disturbances++;
    this.isFair = false;
  }

  notified(program: Program, text: string): void {
    if (program === this.service.program) this.service.notified(text);
  }

  logged(_program: Program, line: string): void {
    this.trace.note("log", line.length, "", line.trimEnd());
    this.marks.line(line);
    this.judge.logged(line);
    if (line.includes("A fault of vm-power itself")) this.fail("nothing-left", line.trim());
  }

  crashed(program: Program, error: unknown): void {
    if (error instanceof Killed || !program.isAlive) return;
    const why = error instanceof Error ? (error.stack ?? error.message) : `${error}`;
    this.fail("nothing-left", `An error that nobody caught in process ${program.owner.pid}: ${why}`);
  }

  setDiskFault(mount: string, fault: DiskFault): void {
    this.disk.faults.set(mount, fault);
  }

  /** The host loses power, and boots. What was not synced may be torn, and what is in memory is lost. */
  powerFails(random: Random): void {
    this.disturb();
    this.service.powerOff();
    this.locks.clear();
    for (const vm of this.vms.values()) {
      this.guests.get(vm.name)?.end();
      vm.state = "off";
    }
    this.guests.clear();
    this.libvirtd.stop();
    for (const path of ["/run", "/tmp"]) this.disk.empty(this.disk.directoryAt(path, "boot"));
    tear(this.disk.directoryAt("/var/lib", "boot"), random);
    this.#makeDirectories();
    this.kernel.boot();
    this.judge.model.powerFails();
    this.judge.anyAsked = this.judge.model.orders.hasAny || this.judge.configAsks;
    this.timeline.after(5000, () => {
      this.libvirtd.start();
      this.service.start();
    });
  }

  dropFile(path: string): void {
    const { directory, name } = this.disk.parent(path, "unlink");
    if (directory.entries.has(name)) this.disk.remove(directory, name);
  }

  /** Writes the configuration of the host, with some lines more. */
  configure(more?: Parameters<typeof configText>[2]): void {
    this.disk.write(CONFIG, configText(this.profile, this.vms.values(), more));
  }

  /** Everything works again as it should. */
  heal(): void {
    this.libvirtd.start();
    this.libvirtd.thaw();
    this.libvirtd.manners = { ...GOOD_MANNERS };
    this.disk.faults.clear();
    for (const policy of this.kernel.policies()) {
      policy.refuses = undefined;
      policy.limitKhz = Number.POSITIVE_INFINITY;
    }
    for (const guest of this.guests.values())
      for (const { end } of guest.ports) if (guest.mood !== "deaf") end?.resume();
    if (this.service.program !== undefined) this.service.program.diesBeforeChange = Number.POSITIVE_INFINITY;
    this.configure();
    if (this.service.state === "off") this.service.start();
    else this.service.reload();
  }

  #makeDirectories(): void {
    for (const path of ["/run/vm-power", "/var/lib/vm-power"]) this.disk.mkdir(path).uid = 990;
    for (const path of ["/etc", "/proc/self", "/run/libvirt"]) this.disk.mkdir(path);
    this.disk.mkdir(CHANNEL_DIRECTORY).uid = QEMU_UID;
  }

  #makeFiles(): void {
    const { disk } = this;
    this.#makeDirectories();
    disk.write("/etc/passwd", "root:x:0:0::/:\nvm-power:x:990:990::/:\nlibvirt-qemu:x:64055:1::/:\n");
    disk.write("/etc/group", "root:x:0:\nvm-power:x:990:\nvm-power-monitor:x:991:\n");
    disk.write("/proc/self/limits", `Max open files            ${this.descriptorsMax}   4096   files\n`);
    disk.put(disk.mkdir("/etc"), "localtime", disk.link(`/usr/share/zoneinfo/${this.profile.zone}`));
    this.configure();
  }
}

/** Cuts off a part of each file that was not synced. */
function tear(directory: Directory, random: Random): void {
  for (const node of directory.entries.values()) {
    if (node.kind === "directory") tear(node, random);
    if (node.kind === "file" && !node.synced)
      node.bytes = node.bytes.slice(0, random.below(node.bytes.length + 1));
  }
}
