import type { Domain } from "../../base/domain.ts";
import type { Ending } from "../../base/origin.ts";
import type { HypervisorEvents } from "../hypervisor.ts";
import type { DomainRef } from "./messages.ts";
import { BOUND } from "./protocol.ts";

/** Which run of which domain: the UUID stays, the id is another after every start. */
export type Run = Pick<DomainRef, "uuid" | "id">;

interface Known {
  readonly id: number;
  readonly domain: Domain;
}

/** Why a run ended if another one is there already, and whether old news is told again. */
export interface Telling {
  readonly ending: Ending | undefined;
  readonly repeat: boolean;
}

/**
 * What was told of the domains until now, so that each piece of news is told in the right order: whoever has a name
 * leaves before another one takes it, and the old run of a domain ends before the new one begins.
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

  /** The domains that were told of. */
  refs(): DomainRef[] {
    return [...this.#known].map(([uuid, { id, domain }]) => ({ name: domain.name, uuid, id }));
  }

  /** The domain that was told of by that name. */
  refOf(name: string): DomainRef | undefined {
    const uuid = this.#owner.get(name);
    const known = uuid === undefined ? undefined : this.#known.get(uuid);
    return uuid === undefined || known === undefined ? undefined : { name, uuid, id: known.id };
  }

  /** Whether this run was told of. */
  has({ uuid, id }: Run): boolean {
    return this.#known.get(uuid)?.id === id;
  }

  /** Whether any run of the domain was told of. */
  knows(uuid: string): boolean {
    return this.#known.has(uuid);
  }

  /** This is all of a domain now. It is passed on if it is news, or to be repeated. */
  tell({ uuid, id }: Run, domain: Domain, { ending, repeat }: Telling): void {
    const before = this.#known.get(uuid);
    if (before === undefined && this.#known.size >= BOUND.domains) return;
    if (before !== undefined && before.id !== id) this.drop(uuid, ending ?? "restarted");
    else if (before !== undefined && before.domain.name !== domain.name) this.drop(uuid, "renamed");
    else if (before !== undefined && !repeat && isSame(before.domain, domain)) return;
    const owner = this.#owner.get(domain.name);
    if (owner !== undefined && owner !== uuid) this.drop(owner, "replaced");
    this.#known.set(uuid, { id, domain });
    this.#owner.set(domain.name, uuid);
    this.#events.domain(domain);
  }

  /** A domain exists no more. */
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
    isSameSet(a.channelPaths ?? new Set(), b.channelPaths ?? new Set())
  );
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}
