import type { Device } from "./device.ts";
import type { Failure } from "./outcome.ts";

/** The ports of one kind that this guest has, each known by the lcore that uses it. */
export interface PortSource {
  /** Ascending. */
  list(): readonly number[];
  /** Where a port is, whether or not it is there. */
  path(port: number): string;
  open(port: number): Device | Failure;
}

/** The numbers of names that begin so and go on with a number without leading zeros, ascending. */
export function numbersOf(names: readonly string[], prefix: string): number[] {
  return names
    .filter((name) => name.startsWith(prefix) && /^(?:0|[1-9]\d{0,4})$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}
