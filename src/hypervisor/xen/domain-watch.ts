import type { Pcpu } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import type { Registry } from "../registry.ts";
import type { DomainInfo } from "./domain-info.ts";
import type { XenDomains } from "./hypercalls.ts";
import { CONSOLES, domainOfConsole, readNames, uuidOfVm, VMS } from "./names.ts";
import type { XenTiming } from "./timing.ts";
import { TrackedDomain } from "./tracked-domain.ts";
import type { Xenstore } from "./xenstore.ts";

/** Domains that one turn of the event loop looks at. */
const DOMAINS_PER_TURN = 16;

/** How long after an event a paused domain is looked at more often. */
const HURRY_MS = 60_000;

/** The most domains whose last look is remembered. Names are the toolstack's, so a guest cannot fill the table. */
const ASKED_MAX = 10_000;

const RELEASED = "@releaseDomain";

/** The events that are watched; each means "look again". */
const WATCHED = ["@introduceDomain", RELEASED, VMS, CONSOLES];

/** What a watch needs. */
export interface DomainWatchOptions {
  readonly xen: XenDomains;
  readonly registry: Registry;
  readonly timing: XenTiming;
  readonly log: Log;
  /** Everything was looked at and reported. Called after each look. */
  onComplete(): void;
  /** Xen does not answer. */
  onTrouble(problem: string): void;
}

/** Follows all domains while there is a connection to xenstored. */
export class DomainWatch {
  readonly #xenstore: Xenstore;
  readonly #options: DomainWatchOptions;
  readonly #tracked: Map<number, TrackedDomain>;
  /** Domains whose names must be read again, by id or UUID. */
  readonly #stale = new Set<number | string>();
  /** When domains were looked at last because their guests asked. */
  readonly #askedMs = new Map<string, number>();
  #allStaleAtMs = 0;
  #repeat = false;
  #isLooking = false;
  #isDue = false;
  #stopped = false;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #hurriedUntilMs = 0;
  #isFirst: boolean;

  /** `tracked` are the domains that an earlier watch knew; it is used on. */
  constructor(xenstore: Xenstore, tracked: Map<number, TrackedDomain>, options: DomainWatchOptions) {
    this.#xenstore = xenstore;
    this.#tracked = tracked;
    this.#options = options;
    this.#isFirst = tracked.size === 0;
  }

  /** Sets the watches, then looks at everything. */
  async begin(): Promise<void> {
    for (const path of WATCHED) {
      const answer = await this.#xenstore.watch(path);
      if (!answer.ok)
        return this.#xenstore.end(`xenstored does not report changes of ${path}: ${answer.why}`);
    }
    this.refresh();
  }

  /** Looks at everything and repeats all reports. */
  refresh(): void {
    this.#repeat = true;
    this.#allStaleAtMs = 0;
    void this.#look();
  }

  /** Handles a hint. */
  event(path: string): void {
    // A domain that ended is destroyed in a moment; now Xen still knows why it ended.
    if (path === RELEASED) this.#noteEndings();
    const stale = domainOfConsole(path) ?? uuidOfVm(path);
    if (stale !== undefined) this.#stale.add(stale);
    this.#hurriedUntilMs = performance.now() + HURRY_MS;
    this.#lookIn(this.#options.timing.settleMs);
  }

  /** Looks at one reported domain in the next turn. */
  lookSoon(name: string): void {
    const id = this.#options.registry.refOf(name)?.id;
    if (id !== undefined) setImmediate(() => this.#lookAtOne(id));
  }

  /** The domain's guest asked for something: it may have been pinned elsewhere a moment ago. */
  asked(name: string): void {
    const nowMs = performance.now();
    const lastMs = this.#askedMs.get(name);
    if (lastMs !== undefined && nowMs - lastMs < this.#options.timing.askedMs) return;
    if (this.#askedMs.size >= ASKED_MAX) this.#askedMs.clear();
    this.#askedMs.set(name, nowMs);
    this.lookSoon(name);
  }

  /** Looks at one reported domain now, because it was changed. */
  lookNow(name: string): void {
    const id = this.#options.registry.refOf(name)?.id;
    if (id !== undefined) this.#lookAtOne(id);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Looks at everything after this time, or sooner if that was due already: events without end must not delay it. */
  #lookIn(ms: number): void {
    const dueMs = performance.now() + ms;
    if (this.#stopped || dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      void this.#look();
    }, ms);
  }

  #noteEndings(): void {
    for (const info of this.#list() ?? [])
      if (info.shutdown !== undefined) this.#tracked.get(info.id)?.note(info);
  }

  #lookAtOne(id: number): void {
    const info = this.#stopped ? undefined : this.#options.xen.one(id);
    if (info === undefined || TrackedDomain.isOver(info)) return this.#lookIn(0);
    this.#report(info, this.#pools(), false);
  }

  /** All domains; undefined if Xen does not answer. */
  #list(): DomainInfo[] | undefined {
    const all: DomainInfo[] = [];
    for (let first: number | undefined = 0; first !== undefined; ) {
      const part = this.#options.xen.list(first);
      if (!part.ok) {
        this.#options.onTrouble(`Xen does not list its domains: ${part.why}`);
        return undefined;
      }
      all.push(...part.value.domains);
      first = part.value.next;
    }
    return all;
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#stopped) {
      this.#isDue = true;
      return;
    }
    this.#isLooking = true;
    this.#isDue = false;
    const repeat = this.#repeat;
    this.#repeat = false;
    const listed = this.#list();
    if (listed !== undefined) await this.#lookAtAll(listed, repeat);
    this.#isLooking = false;
    if (this.#stopped) return;
    if (listed !== undefined && !this.#isDue) this.#options.onComplete();
    const { beatMs, pausedBeatMs, settleMs } = this.#options.timing;
    // A domain that is being built is paused, and no event tells that it begins to run.
    const isBuilt = performance.now() < this.#hurriedUntilMs && listed?.some(({ isPaused }) => isPaused);
    this.#lookIn(this.#isDue ? settleMs : isBuilt ? pausedBeatMs : beatMs);
  }

  async #lookAtAll(listed: readonly DomainInfo[], repeat: boolean): Promise<void> {
    this.#forgetEnded(listed);
    const alive = listed.filter((info) => !TrackedDomain.isOver(info));
    for (const info of alive)
      if (!this.#tracked.has(info.id))
        this.#tracked.set(info.id, new TrackedDomain(info, { isNew: !this.#isFirst }));
    this.#isFirst = false;
    await this.#readNames(alive);
    const pools = this.#pools();
    for (const [i, info] of alive.entries()) {
      if (i % DOMAINS_PER_TURN === DOMAINS_PER_TURN - 1) await Bun.sleep(0);
      if (this.#stopped) return;
      this.#report(info, pools, repeat);
    }
  }

  /** Reports domains as gone before others get their names. */
  #forgetEnded(listed: readonly DomainInfo[]): void {
    const byId = new Map(listed.map((info) => [info.id, info]));
    for (const [id, domain] of this.#tracked) {
      const info = byId.get(id);
      if (info?.isDying === false) domain.note(info);
      if (info !== undefined && info.uuid === domain.uuid && !TrackedDomain.isOver(info)) continue;
      this.#tracked.delete(id);
      this.#options.registry.drop(domain.run.uuid, domain.ending);
    }
  }

  /** Reads the names of domains that are new, or whose names changed. */
  async #readNames(alive: readonly DomainInfo[]): Promise<void> {
    const nowMs = performance.now();
    const isAll = nowMs >= this.#allStaleAtMs;
    if (isAll) this.#allStaleAtMs = nowMs + this.#options.timing.namesMs;
    const due = alive.filter(
      ({ id, uuid }) =>
        isAll || this.#stale.has(id) || this.#stale.has(uuid) || this.#tracked.get(id)?.names === undefined,
    );
    this.#stale.clear();
    for (let i = 0; i < due.length && !this.#stopped; i += DOMAINS_PER_TURN) {
      const some = due.slice(i, i + DOMAINS_PER_TURN);
      const read = await Promise.all(some.map(({ id }) => readNames(this.#xenstore, id)));
      // Answers that never came are no news.
      if (this.#stopped || this.#xenstore.isClosed) return;
      for (const [j, { id }] of some.entries()) {
        const domain = this.#tracked.get(id);
        const names = read[j];
        if (domain !== undefined && names !== undefined) domain.names = names;
      }
    }
  }

  #report(info: DomainInfo, poolOf: (id: number) => ReadonlySet<Pcpu>, repeat: boolean): void {
    const { registry, xen } = this.#options;
    const tracked = this.#tracked.get(info.id);
    if (tracked === undefined || tracked.uuid !== info.uuid) return;
    const domain = tracked.domain(info, xen, poolOf);
    if (domain !== undefined) registry.report(tracked.run, domain, { ending: undefined, repeat });
    else if (tracked.names !== undefined) registry.drop(tracked.run.uuid, tracked.ending);
  }

  /** The CPUs of pools, each asked for once. */
  #pools(): (id: number) => ReadonlySet<Pcpu> {
    const known = new Map<number, ReadonlySet<Pcpu>>();
    return (id) => {
      const pool = known.get(id) ?? this.#options.xen.pool(id) ?? new Set();
      known.set(id, pool);
      return pool;
    };
  }
}
