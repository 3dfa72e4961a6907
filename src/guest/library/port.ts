import type { Device } from "./device.ts";
import type { Failure } from "./outcome.ts";

/** The ports of one kind in this guest, by lcore. */
export interface PortSource {
  /** Ascending. */
  list(): readonly number[];
  /** The path of a port, whether it exists or not. */
  path(port: number): string;
  open(port: number): Device | Failure;
}

/** The numbers of names with this prefix and a number without leading zeros, in ascending order. */
export function numbersOf(names: readonly string[], prefix: string): number[] {
  return names
    .filter((name) => name.startsWith(prefix) && /^(?:0|[1-9]\d{0,4})$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}
