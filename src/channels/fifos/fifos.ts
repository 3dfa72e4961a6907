import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { errnoOf } from "../../os/errno.ts";
import { readable } from "../../os/readable.ts";
import type { Objection } from "../judge.ts";
import { Fifo, type FifoState, type FileRights, stateOf } from "./fifo.ts";
import type { Found } from "./object-cutter.ts";

/**
 * All FIFOs together have one turn in this time in ms on average, so that writers who flood take little of the CPU.
 * Guests' packets are handled between two turns in any case.
 */
const TURN_MS = 5;

/** After a pause, so many ms of turns may follow each other without rest. */
const BURST_MS = 100;

/** What {@link Fifos} needs. `Writer` is who writes into a FIFO. */
export interface FifosHost<Writer> {
  /** The directory of FIFOs; undefined if they are off, or if it must not be used. */
  directory(): string | undefined;
  /** The CPUs that may have one. */
  cpus(): Iterable<Pcpu>;
  /** Who may write into a FIFO with these rights, or why it must not be used. */
  writerOf(cpu: Pcpu, rights: FileRights): Result<Writer, Objection>;
  /** Called for each object, once, and for bytes that are none. */
  found(cpu: Pcpu, writer: Writer, found: Found): void;
  /** Called when a FIFO is used, or is not used for another reason than before. */
  changed(cpu: Pcpu, path: string, objection: Objection | undefined): void;
}

/** A FIFO that exists. */
export interface FifoView {
  readonly cpu: Pcpu;
  readonly path: string;
  /** Why it is not read; undefined if it is. */
  readonly objection: Objection | undefined;
}

/** The FIFOs `fifo<N>` of CPUs, made by root: those that exist are read, as far as their owner and mode are in order. */
export class Fifos<Writer> {
  readonly #host: FifosHost<Writer>;
  readonly #open = new Map<Pcpu, Fifo>();
  /** The FIFOs as they were told of last. */
  readonly #told = new Map<Pcpu, FifoView>();
  /** Those to read, in their order. */
  readonly #due = new Set<Fifo>();
  #timer: Timer | undefined;
  /** When the next turn may be. */
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(host: FifosHost<Writer>) {
    this.#host = host;
  }

  /** Opens FIFOs that came, and closes those that left. It is called at intervals, because nothing reports that. */
  refresh(): void {
    const directory = this.#host.directory();
    for (const fifo of [...this.#open.values()]) {
      const state = fifo.state();
      if (directory === undefined || !isAt(fifo.path, state)) this.#close(fifo);
      else this.#judge(fifo, state);
    }
    if (directory === undefined) return;
    for (const cpu of this.#host.cpus()) this.#find(cpu, join(directory, `fifo${cpu}`));
    this.#lookAtAll();
  }

  /** The FIFOs that exist; undefined without a directory. */
  list(): readonly FifoView[] | undefined {
    return this.#host.directory() === undefined ? undefined : [...this.#told.values()];
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const fifo of [...this.#open.values()]) this.#close(fifo);
  }

  #find(cpu: Pcpu, path: string): void {
    if (this.#open.has(cpu)) return;
    const looked = look(path);
    if (!looked.ok) return this.#tell(cpu, path, { reason: `cannot be looked at: ${looked.why}` });
    if (looked.value === undefined) {
      this.#told.delete(cpu);
      return;
    }
    // Before the open, so that no writer meets a reader that leaves at once.
    const writer = this.#writerOf(cpu, looked.value);
    if (!writer.ok) return this.#tell(cpu, path, writer.why);
    const opened = Fifo.open(path, cpu, () => this.#wakeCpu(cpu));
    if (!opened.ok) return this.#tell(cpu, path, { reason: `cannot be opened: ${opened.why}` });
    this.#open.set(cpu, opened.value);
    this.#wake(opened.value);
  }

  /** The kernel may have lost reports: it is asked which have something to read. Usually none has. */
  #lookAtAll(): void {
    const byFd = new Map([...this.#open.values()].map((fifo) => [fifo.fd, fifo]));
    for (const fd of readable([...byFd.keys()]) ?? byFd.keys()) {
      const fifo = byFd.get(fd);
      if (fifo !== undefined) this.#wake(fifo);
    }
  }

  #writerOf(cpu: Pcpu, { isFifo, ...rights }: FifoState): Result<Writer, Objection> {
    return isFifo ? this.#host.writerOf(cpu, rights) : failure({ reason: "is not a FIFO" });
  }

  #wakeCpu(cpu: Pcpu): void {
    const fifo = this.#open.get(cpu);
    if (fifo !== undefined) this.#wake(fifo);
  }

  #wake(fifo: Fifo): void {
    this.#due.add(fifo);
    this.#timer ??= setTimeout(() => this.#turn(), Math.max(0, this.#nextMs - performance.now()));
  }

  /** Reads one FIFO a little; the next turn is another one's. */
  #turn(): void {
    this.#timer = undefined;
    this.#nextMs = Math.max(this.#nextMs, performance.now() - BURST_MS) + TURN_MS;
    const [fifo] = this.#due;
    if (fifo === undefined) return;
    this.#due.delete(fifo);
    if (this.#read(fifo)) this.#due.add(fifo);
    const [next] = this.#due;
    if (next !== undefined) this.#wake(next);
  }

  #read(fifo: Fifo): boolean {
    // Its owner may have changed its mode since the last turn.
    const writer = this.#judge(fifo, fifo.state());
    if (writer === undefined) return false;
    this.#tell(fifo.cpu, fifo.path, undefined);
    const again = fifo.read((found) => this.#host.found(fifo.cpu, writer, found));
    if (!again.ok) this.#leave(fifo, { reason: `cannot be read: ${again.why}` });
    return again.ok && again.value;
  }

  /** Who may write into a FIFO that is open. If it must not be used any more, it is closed. */
  #judge(fifo: Fifo, state: FifoState): Writer | undefined {
    const writer = this.#writerOf(fifo.cpu, state);
    if (writer.ok) return writer.value;
    this.#leave(fifo, writer.why);
    return undefined;
  }

  #leave(fifo: Fifo, objection: Objection): void {
    this.#close(fifo);
    this.#tell(fifo.cpu, fifo.path, objection);
  }

  #close(fifo: Fifo): void {
    this.#open.delete(fifo.cpu);
    this.#due.delete(fifo);
    fifo.close();
  }

  #tell(cpu: Pcpu, path: string, objection: Objection | undefined): void {
    const told = this.#told.get(cpu);
    if (told !== undefined && told.objection?.reason === objection?.reason) return;
    this.#told.set(cpu, { cpu, path, objection });
    this.#host.changed(cpu, path, objection);
  }
}

/** What is at a path, links not followed; undefined if there is nothing. */
function look(path: string): Result<FifoState | undefined> {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return success(stats && stateOf(stats));
  } catch (error) {
    return failure(errnoOf(error));
  }
}

/** Whether a file is the one at a path. */
function isAt(path: string, { identity }: FifoState): boolean {
  const now = look(path);
  return now.ok && now.value?.identity === identity;
}
