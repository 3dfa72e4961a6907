import { isHost } from "../ssh.ts";
import { faultAt, type Place } from "./place.ts";

/** The most hosts of one inventory. */
export const HOSTS_MAX = 10_000;

/** Hosts as one entry of an inventory names them. */
export interface NamedHosts {
  readonly names: readonly string[];
  /** Their port, if the entry ends with one, like `web1:2222`. */
  readonly port: string | undefined;
}

/** A range within a name, `[01:50]`, `[a:f]` or `[0:10:2]`. */
const RANGE = /\[(\d+|[a-z]):(\d+|[a-z])(?::(\d+))?\]/i;

/** Everything up to a port. The colons of ranges and of bare IPv6 addresses do not begin one. */
const WITH_PORT = /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/;

/** Reads the name of a host, or a pattern of names with ranges. */
export function readHostNames(text: string, place: Place): NamedHosts {
  const [, base = text, port] = WITH_PORT.exec(text) ?? [];
  const names = expand(base, place);
  const wrong = names.find((name) => !isHost(name));
  if (wrong !== undefined)
    throw faultAt(place, `"${wrong}" is not a host like web1 or web[01:50].example.org`);
  return { names, port };
}

function expand(text: string, place: Place): string[] {
  const range = RANGE.exec(text);
  if (range === null) return [text];
  const [whole, first = "", last = "", step = "1"] = range;
  const before = text.slice(0, range.index);
  const rest = expand(text.slice(range.index + whole.length), place);
  const members = membersOf(first, last, Number(step));
  if (members === undefined || members.length * rest.length > HOSTS_MAX)
    throw faultAt(
      place,
      `"${whole}" is not a range like [1:50], [01:50], [a:f] or [0:10:2] with at most ${HOSTS_MAX} hosts`,
    );
  return members.flatMap((member) => rest.map((after) => before + member + after));
}

/** The members of a range; undefined if it is none, or has too many. */
function membersOf(first: string, last: string, step: number): string[] | undefined {
  const numeric = /^\d/.test(first);
  if (numeric !== /^\d/.test(last)) return undefined;
  const [from, to] = numeric ? [Number(first), Number(last)] : [first.charCodeAt(0), last.charCodeAt(0)];
  // A leading zero gives all numbers the same width.
  const width = numeric && first.startsWith("0") ? first.length : 0;
  if (width > 1 && last.length !== width) return undefined;
  if (step < 1 || to < from || (to - from) / step >= HOSTS_MAX) return undefined;
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (_, at) => {
    const value = from + at * step;
    return numeric ? `${value}`.padStart(width, "0") : String.fromCharCode(value);
  });
}
