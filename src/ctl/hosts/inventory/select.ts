import { isPattern, matches } from "../../../base/name-pattern.ts";
import { UsageError } from "../../../terminal/exit-code.ts";
import type { Inventory } from "./inventory.ts";

/**
 * The hosts that patterns mean, in the order of the inventory. A pattern is the name of a host or a group, or one with `*` and
 * `?`. `&web` keeps those that are in web too, `!web` leaves those of web out, wherever they stand, as in
 * Ansible. Without any pattern that adds hosts, all are meant.
 */
export function selectHosts(inventory: Inventory, patterns: readonly string[], file: string): string[] {
  const memberships = inventory.memberships();
  const terms = patterns.flatMap((pattern) => (memberships.has(pattern) ? [pattern] : pattern.split(":")));
  const found = (term: string): ReadonlySet<string> => {
    const hosts = isPattern(term)
      ? [...memberships].filter(([name, groups]) => [name, ...groups].some((each) => matches(term, each)))
      : [...memberships].filter(([name, groups]) => name === term || groups.has(term));
    if (hosts.length === 0 && !inventory.hasGroup(term))
      throw new UsageError(`There is no host or group "${term}" in ${file}`);
    return new Set(hosts.map(([name]) => name));
  };
  const of = (sign: string) =>
    terms.filter((term) => term.startsWith(sign)).map((term) => found(term.slice(sign.length)));
  const plain = terms.filter((term) => !/^[!&]/.test(term));
  const [added, kept, left] = [(plain.length === 0 ? ["all"] : plain).map(found), of("&"), of("!")];
  return [...memberships.keys()].filter(
    (name) =>
      added.some((hosts) => hosts.has(name)) &&
      kept.every((hosts) => hosts.has(name)) &&
      !left.some((hosts) => hosts.has(name)),
  );
}
