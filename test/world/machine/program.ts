import type { Disk, Node } from "./disk.ts";
import { errnoError, Killed } from "./errno.ts";
import type { End, ListeningSocket, Owner } from "./sockets.ts";
import type { Timeline } from "./timeline.ts";

/** What a descriptor stands for. */
export type Descriptor =
  | { readonly kind: "node"; readonly node: Node; readonly path: string; at: number }
  | { readonly kind: "end"; readonly end: End }
  | { readonly kind: "listening"; readonly socket: ListeningSocket; isAccepting: boolean }
  | { readonly kind: "datagram" };

/** What a program is given to run in. */
export interface Machine {
  readonly timeline: Timeline;
  readonly disk: Disk;
  /** Directories that are locked with flock(2), by inode, and the program that has each. */
  readonly locks: Map<number, Program>;
  /** A datagram was sent to the service manager. */
  notified(program: Program, text: string): void;
  /** A line was written to stderr. */
  logged(program: Program, line: string): void;
  /** A program threw, or left an error to nobody. */
  crashed(program: Program, error: unknown): void;
  /** The program that writes a file at the moment. */
  writing: Program | undefined;
  /** The VM whose bytes a program handles at the moment. */
  delivering: string | undefined;
  /** What `LimitNOFILE=` allows. */
  readonly descriptorsMax: number;
}

/** One process of the host. Its end, by whatever, leaves nothing of it behind. */
export class Program {
  readonly machine: Machine;
  readonly owner: Owner;
  readonly descriptors = new Map<number, Descriptor>();
  readonly signals = new Map<string, (() => void)[]>();
  readonly startedMs: number;
  isAlive = true;
  umask = 0o022;
  /** Dies before it makes so many further changes of files. */
  diesBeforeChange = Number.POSITIVE_INFINITY;
  #closers = new Set<() => void>();
  /** No descriptor below this one is free. */
  #lowest = 3;

  constructor(machine: Machine, owner: Owner) {
    this.machine = machine;
    this.owner = owner;
    this.startedMs = machine.timeline.nowMs;
  }

  /** Runs a callback of the program, if it lives. An error that it throws is one that nobody caught. */
  enter(run: () => void): void {
    if (!this.isAlive) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Killed)) this.machine.crashed(this, error);
    }
  }

  /** Begins a call of the kernel. */
  call(): void {
    if (!this.isAlive) throw new Killed();
  }

  /** Begins a call that changes a file. */
  change(): void {
    this.call();
    if (--this.diesBeforeChange >= 0) return;
    this.kill();
    throw new Killed();
  }

  open(descriptor: Descriptor): number {
    if (this.descriptors.size >= this.machine.descriptorsMax) throw errnoError("EMFILE", "open");
    while (this.descriptors.has(this.#lowest)) this.#lowest++;
    this.descriptors.set(this.#lowest, descriptor);
    return this.#lowest++;
  }

  get(fd: number, call: string): Descriptor {
    const descriptor = this.descriptors.get(fd);
    if (descriptor === undefined) throw errnoError("EBADF", call);
    return descriptor;
  }

  close(fd: number): void {
    const descriptor = this.get(fd, "close");
    this.descriptors.delete(fd);
    this.#lowest = Math.min(this.#lowest, fd);
    switch (descriptor.kind) {
      case "end":
        return descriptor.end.close();
      case "listening":
        if (!this.#shares(descriptor.socket)) descriptor.socket.close();
        return;
      case "node": {
        const { ino } = descriptor.node;
        if (this.machine.locks.get(ino) === this && !this.#holds(ino)) this.machine.locks.delete(ino);
        return;
      }
      case "datagram":
    }
  }

  /** A signal that it does not handle ends it. */
  signal(name: string): void {
    if (!this.signals.has(name)) return this.kill();
    for (const handler of this.signals.get(name) ?? []) this.enter(handler);
  }

  /** Called when the program ends, with what else has to end. */
  onEnd(close: () => void): void {
    this.#closers.add(close);
  }

  forget(close: () => void): void {
    this.#closers.delete(close);
  }

  /** Ends it at once, as SIGKILL does: the kernel closes what it had. */
  kill(): void {
    if (!this.isAlive) return;
    for (const fd of [...this.descriptors.keys()]) this.close(fd);
    for (const close of this.#closers) close();
    this.isAlive = false;
  }

  #shares(socket: ListeningSocket): boolean {
    return [...this.descriptors.values()].some((one) => one.kind === "listening" && one.socket === socket);
  }

  #holds(ino: number): boolean {
    return [...this.descriptors.values()].some((one) => one.kind === "node" && one.node.ino === ino);
  }
}
