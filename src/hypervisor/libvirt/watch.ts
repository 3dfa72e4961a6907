import type { Domain } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import type { Ending } from "../../base/origin.ts";
import type { Registry, Run } from "../registry.ts";
import type { DomainEvent } from "./events.ts";
import { lookAt } from "./look.ts";
import { LookPool, type LookRequest } from "./look-pool.ts";
import { type DomainRef, listArgs, readDomainList } from "./messages.ts";
import type { PidFiles } from "./pid-files.ts";
import { BOUND, CALL } from "./protocol.ts";
import type { Failure, Rpc } from "./rpc.ts";
import type { WatchTiming } from "./timing.ts";
import { endingOf, type KnownEnding } from "./words.ts";

/** After this many lists everything is read again: libvirt sends no event when a vCPU is added. */
const LISTS_PER_FULL_READ = 4;

/** With this many calls that hang in libvirtd, a domain that could not be read is not asked for again. */
const STUCK_MAX = 2;

/** What a watch needs. */
export interface WatchOptions {
  readonly registry: Registry;
  readonly log: Log;
  readonly timing: WatchTiming;
  readonly pidFiles: PidFiles;
  /** Everything was read and reported. Called after the first time and after each refresh. */
  onComplete(): void;
  /** A domain was looked at, so {@link Watch.seesAll} may have changed. */
  onLook(): void;
}

/** A domain that could not be read. */
interface Unseen {
  readonly ref: DomainRef;
  readonly reason: string;
  readonly isReported: boolean;
}

/** Follows all domains on one connection until it ends or `stop()` is called. It survives silence. */
export class Watch {
  readonly #rpc: Rpc;
  readonly #options: WatchOptions;
  readonly #pool: LookPool;
  readonly #endings = new Map<string, KnownEnding>();
  readonly #rebooted = new Set<string>();
  readonly #unseen = new Map<string, Unseen>();
  /** Domains still to be looked at before everything was read; undefined if nothing waits for that. */
  #remaining: Set<string> | undefined;
  #lists = 0;
  #listing = false;
  #refresh = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(rpc: Rpc, options: WatchOptions) {
    this.#rpc = rpc;
    this.#options = options;
    this.#pool = new LookPool((request) => this.#look(request), options.timing.settleMs);
  }

  /** Reads and reports everything. A watch begins with this. */
  refresh(): void {
    this.#refresh = true;
    void this.#list();
  }

  /** Whether every listed domain was reported, at least earlier. */
  get seesAll(): boolean {
    for (const uuid of this.#unseen.keys()) if (!this.#options.registry.knows(uuid)) return false;
    return true;
  }

  /** Handles a hint. */
  event(event: DomainEvent): void {
    const { uuid } = event.domain;
    const isKnown = this.#options.registry.knows(uuid);
    if (isKnown && event.kind === "rebooted") this.#rebooted.add(uuid);
    if (isKnown && event.kind === "lifecycle") {
      const ending = endingOf(event.event, event.detail, this.#endings.get(uuid));
      if (ending !== undefined) this.#endings.set(uuid, ending);
    }
    this.#pool.soon({ ref: event.domain, repeat: false });
  }

  /** Looks at one reported domain at once, because it was changed just now. */
  async lookNow(name: string): Promise<void> {
    const ref = this.#options.registry.refOf(name);
    if (ref !== undefined) await this.#pool.now({ ref, repeat: false });
  }

  /** Looks at one reported domain as if it had sent an event. */
  lookSoon(name: string): void {
    const ref = this.#options.registry.refOf(name);
    if (ref !== undefined) this.#pool.soon({ ref, repeat: false });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#pool.stop();
  }

  async #list(): Promise<void> {
    if (this.#listing || this.#stopped) return;
    this.#listing = true;
    clearTimeout(this.#timer);
    const repeat = this.#refresh;
    this.#refresh = false;
    const list = await this.#rpc.call(CALL.listDomains, listArgs(), readDomainList);
    this.#listing = false;
    if (this.#stopped) return;
    if (list.ok) this.#compare(list.value, repeat);
    else this.#noList(list.why, repeat);
    if (list.ok && this.#refresh) void this.#list();
    else this.#timer = setTimeout(() => void this.#list(), this.#options.timing.listMs);
  }

  /** Events continue without a list, but nothing can begin without one. */
  #noList(failure: Failure, repeat: boolean): void {
    this.#refresh ||= repeat;
    // If only this reply was lost, the next message starts everything again.
    if (failure.kind === "silent") this.#rpc.ping();
    else if (failure.kind === "refused") this.#rpc.end(`libvirt lists no domains: ${failure.message}`);
    else if (this.#lists === 0) this.#rpc.end("libvirt does not list its domains");
  }

  /** Looks at domains that differ from their report, or at all. */
  #compare(listed: readonly DomainRef[], repeat: boolean): void {
    const { registry } = this.#options;
    const isFull = ++this.#lists % LISTS_PER_FULL_READ === 0 || repeat;
    const uuids = new Set(listed.map(({ uuid }) => uuid));
    for (const uuid of this.#unseen.keys()) {
      if (!uuids.has(uuid) && !registry.knows(uuid)) this.#unseen.delete(uuid);
    }
    const isDue = (ref: DomainRef): boolean => isFull || !registry.has(ref) || this.#unseen.has(ref.uuid);
    const vanished = registry.refs().filter(({ uuid }) => !uuids.has(uuid));
    const due = [...vanished, ...listed.filter(isDue)];
    if (repeat) this.#remaining = new Set(due.map(({ uuid }) => uuid));
    for (const ref of due) void this.#pool.now({ ref, repeat });
    this.#finish(undefined);
    this.#options.onLook();
  }

  async #look({ ref, repeat }: LookRequest): Promise<void> {
    // Every further call for it would hang as well, until none is left for other domains.
    const isHopeless = this.#unseen.has(ref.uuid) && this.#rpc.stuck >= STUCK_MAX;
    const look = isHopeless ? undefined : await lookAt(this.#rpc, ref, this.#options.pidFiles);
    if (this.#stopped || look?.kind === "lost") return;
    if (look?.kind === "failed") this.#failed(ref, look);
    if (look?.kind === "gone") this.#gone(ref.uuid, look.ending);
    if (look?.kind === "active") this.#active({ uuid: ref.uuid, id: look.id }, look.domain, repeat);
    this.#finish(ref.uuid);
    this.#options.onLook();
  }

  #gone(uuid: string, seen: Ending | undefined): void {
    const told = this.#endings.get(uuid);
    this.#endings.delete(uuid);
    this.#rebooted.delete(uuid);
    this.#unseen.delete(uuid);
    this.#options.registry.drop(uuid, told?.ending ?? seen ?? "vanished");
  }

  #active(run: Run, domain: Domain, repeat: boolean): void {
    const { registry } = this.#options;
    const ending = this.#endings.get(run.uuid);
    const isSameRun = registry.has(run);
    // The ending belongs to an earlier run: this one is alive.
    if (!isSameRun || ending?.isOver) this.#endings.delete(run.uuid);
    // After a reboot it is another guest than the one that asked for speeds.
    if (this.#rebooted.delete(run.uuid) && isSameRun) registry.drop(run.uuid, "rebooted");
    this.#unseen.delete(run.uuid);
    registry.report(run, domain, { ending: ending?.ending, repeat });
  }

  /** Keeps the last report, and tries again with the next list. */
  #failed(ref: DomainRef, { reason, mayPass }: { readonly reason: string; readonly mayPass: boolean }): void {
    const before = this.#unseen.get(ref.uuid);
    const isRepeated = before?.reason === reason;
    if (before === undefined && this.#unseen.size >= BOUND.domains) return;
    const isReported = isRepeated ? before.isReported : false;
    const reportNow = !isReported && (isRepeated || !mayPass);
    this.#unseen.set(ref.uuid, { ref, reason, isReported: isReported || reportNow });
    if (!reportNow) return;
    const fields = { VM: ref.name };
    this.#options.log.warning(`Cannot look at domain ${JSON.stringify(ref.name)}: ${reason}`, fields);
  }

  #finish(uuid: string | undefined): void {
    if (this.#remaining === undefined) return;
    if (uuid !== undefined) this.#remaining.delete(uuid);
    if (this.#remaining.size > 0) return;
    this.#remaining = undefined;
    this.#options.onComplete();
  }
}
