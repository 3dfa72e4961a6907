import type { Domain } from "../base/domain.ts";
import type { Ending } from "../base/origin.ts";
import type { HypervisorEvents } from "./hypervisor.ts";

/** The most domains that are reported. */
const DOMAINS_MAX = 16_384;

/** Identifies one run of a domain: the UUID stays, the id changes with every start. */
export interface Run {
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  readonly id: number;
}

/** A run of a domain, and its name. */
interface NamedRun extends Run {
  readonly name: string;
}

interface Known {
  readonly id: number;
  readonly domain: Domain;
}

/** The ending to report for a run that another one has replaced, and whether to repeat reports. */
export interface ReportOptions {
  readonly ending: Ending | undefined;
  readonly repeat: boolean;
}

/**
 * The domains that were reported. It keeps reports in a valid order: a domain is reported as gone before another one
 * gets its name, and before its own next run.
 */
export class Registry {
  readonly #events: Pick<HypervisorEvents, "domain" | "gone">;
  readonly #known = new Map<string, Known>();
  readonly #owner = new Map<string, string>();

  constructor(events: Pick<HypervisorEvents, "domain" | "gone">) {
    this.#events = events;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The reported domains. */
  refs(): NamedRun[] {
    return [...this.#known].map(([uuid, { id, domain }]) => ({ name: domain.name, uuid, id }));
  }

  /** The reported domain of that name. */
  refOf(name: string): NamedRun | undefined {
    const uuid = this.#owner.get(name);
    const known = uuid === undefined ? undefined : this.#known.get(uuid);
    return uuid === undefined || known === undefined ? undefined : { name, uuid, id: known.id };
  }

  /** The name of a reported domain that has channels, and whose process is not known; undefined if there is none. */
  unidentified(): string | undefined {
    for (const { domain } of this.#known.values())
      if (domain.pid === undefined && (domain.channels?.size ?? 0) > 0) return domain.name;
    return undefined;
  }

  /** Whether this run was reported. */
  has({ uuid, id }: Run): boolean {
    return this.#known.get(uuid)?.id === id;
  }

  /** Whether any run of the domain was reported. */
  knows(uuid: string): boolean {
    return this.#known.has(uuid);
  }

  /** Reports the state of a domain if it changed, or if reports are to be repeated. */
  report({ uuid, id }: Run, domain: Domain, { ending, repeat }: ReportOptions): void {
    const before = this.#known.get(uuid);
    if (before === undefined && this.#known.size >= DOMAINS_MAX) return;
    if (before !== undefined && before.id !== id) this.drop(uuid, ending ?? "restarted");
    else if (before !== undefined && before.domain.name !== domain.name) this.drop(uuid, "renamed");
    else if (before !== undefined && !repeat && isSame(before.domain, domain)) return;
    const owner = this.#owner.get(domain.name);
    if (owner !== undefined && owner !== uuid) this.drop(owner, "replaced");
    this.#known.set(uuid, { id, domain });
    this.#owner.set(domain.name, uuid);
    this.#events.domain(domain);
  }

  /** Reports that a domain does not exist any more. */
  drop(uuid: string, ending: Ending): void {
    const known = this.#known.get(uuid);
    if (known === undefined) return;
    this.#known.delete(uuid);
    this.#owner.delete(known.domain.name);
    this.#events.gone(known.domain.name, ending);
  }
}

function isSame(a: Domain, b: Domain): boolean {
  return (
    a.state === b.state &&
    a.origin === b.origin &&
    a.pins.length === b.pins.length &&
    a.pins.every((list, vcpu) => isSameList(list, b.pins[vcpu] ?? [])) &&
    a.pid === b.pid &&
    isSameMap(a.channels, b.channels) &&
    isSameMap(a.contract, b.contract) &&
    isSameThreads(a.threads ?? [], b.threads ?? [])
  );
}

function isSameThreads(a: NonNullable<Domain["threads"]>, b: NonNullable<Domain["threads"]>): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, pcpus }, i) => name === b[i]?.name && isSameList(pcpus, b[i]?.pcpus ?? []))
  );
}

function isSameMap<V>(a: ReadonlyMap<string, V> | undefined, b: ReadonlyMap<string, V> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
