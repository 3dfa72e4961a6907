import { UsageError } from "../../../terminal/exit-code.ts";
import type { Target } from "../target.ts";
import { type Connection, readVariable } from "./connection.ts";
import { HOSTS_MAX, readHostNames } from "./host-names.ts";
import { faultAt, type Place } from "./place.ts";

/** The most groups of one inventory. */
const GROUPS_MAX = 1000;

/** Groups that every inventory has: all hosts, and those that are in no other group. */
const ALL = "all";
const UNGROUPED = "ungrouped";

interface Group {
  /** The groups that it is a child of, with the places that say so. */
  readonly parents: Map<string, Place>;
  /** Where it is named first. */
  readonly place: Place;
  connection: Connection;
}

interface Host {
  readonly groups: Set<string>;
  connection: Connection;
}

/**
 * The hosts and groups of a fleet. Of two values for one host that of the host itself counts, then that of the group
 * that is the deepest below "all", then that of the group whose name is the last one, as in Ansible.
 */
export class Inventory {
  readonly #hosts = new Map<string, Host>();
  readonly #groups = new Map<string, Group>();
  readonly #depths = new Map<string, number | "under way">();

  /** Adds a group, if it is new. */
  addGroup(name: string, place: Place): void {
    if (this.#groups.has(name)) return;
    if (!/^[^\s:[\],!&*]{1,255}$/.test(name) || name.startsWith("-"))
      throw faultAt(place, `"${name}" is not the name of a group like web`);
    if (this.#groups.size === GROUPS_MAX) throw faultAt(place, `There are more than ${GROUPS_MAX} groups`);
    this.#groups.set(name, { parents: new Map(), place, connection: {} });
  }

  /** Adds hosts to a group, and returns their names. `text` is a name or a pattern of names. */
  addHosts(group: string, text: string, place: Place): readonly string[] {
    const { names, port } = readHostNames(text, place);
    for (const name of names) {
      const host = this.#hosts.get(name) ?? { groups: new Set(), connection: {} };
      host.groups.add(group);
      this.#hosts.set(name, host);
    }
    if (this.#hosts.size > HOSTS_MAX) throw faultAt(place, `There are more than ${HOSTS_MAX} hosts`);
    if (port !== undefined) this.setOfHosts(names, ["ansible_port", port], place);
    return names;
  }

  addChild(parent: string, child: string, place: Place): void {
    this.addGroup(child, place);
    this.#groups.get(child)?.parents.set(parent, place);
  }

  setOfHosts(names: readonly string[], [name, value]: readonly [string, string], place: Place): void {
    const said = readVariable(name, value, place);
    for (const host of names.map((each) => this.#hosts.get(each)))
      if (host !== undefined) host.connection = { ...host.connection, ...said };
  }

  setOfGroup(name: string, [key, value]: readonly [string, string], place: Place): void {
    this.addGroup(name, place);
    const group = this.#groups.get(name);
    if (group !== undefined) group.connection = { ...group.connection, ...readVariable(key, value, place) };
  }

  /** Finds out how deep groups are. Throws if one is below itself. */
  close(): this {
    for (const name of this.#groups.keys()) this.#depthOf(name);
    return this;
  }

  /** Every host with the groups that it is in, directly or not. */
  memberships(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map([...this.#hosts].map(([name, { groups }]) => [name, this.#withParents(groups)]));
  }

  hasGroup(name: string): boolean {
    return name === ALL || name === UNGROUPED || this.#groups.has(name);
  }

  /** How a host is reached. */
  target(name: string): Target {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new UsageError(`There is no host "${name}"`);
    const groups = [...this.#withParents(host.groups)].sort(
      (one, other) => this.#depthOf(one) - this.#depthOf(other) || (one < other ? -1 : 1),
    );
    const said = groups.map((group) => this.#groups.get(group)?.connection ?? {});
    const { address = name, user, port } = Object.assign({}, ...said, host.connection) as Connection;
    return {
      name,
      address: user === undefined || address.includes("@") ? address : `${user}@${address}`,
      port,
    };
  }

  #withParents(groups: ReadonlySet<string>): Set<string> {
    const found = new Set([ALL, ...groups]);
    // A set that grows during the loop is walked to its new end.
    for (const name of found)
      for (const parent of this.#groups.get(name)?.parents.keys() ?? []) found.add(parent);
    if (found.size === 1) found.add(UNGROUPED);
    return found;
  }

  /** The length of the longest way down from "all". */
  #depthOf(name: string): number {
    const known = this.#depths.get(name);
    if (typeof known === "number") return known;
    this.#depths.set(name, "under way");
    let depth = name === ALL ? 0 : 1;
    for (const [parent, place] of this.#groups.get(name)?.parents ?? []) {
      if (this.#depths.get(parent) === "under way")
        throw faultAt(
          place,
          `The group "${parent}" is below itself, through "${name}": take one of them out`,
        );
      depth = Math.max(depth, this.#depthOf(parent) + 1);
    }
    this.#depths.set(name, depth);
    return depth;
  }
}
