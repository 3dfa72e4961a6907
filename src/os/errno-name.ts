import { getSystemErrorName } from "node:util";
import type { Errno } from "./errno.ts";

/** The code of an error by its number on Linux, which Xen's hypercalls use too: 22 is `EINVAL`. */
export function errnoName(number: number): Errno {
  try {
    return getSystemErrorName(-number);
  } catch {
    return `error ${number}`;
  }
}
