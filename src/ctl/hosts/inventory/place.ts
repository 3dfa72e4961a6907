import { UsageError } from "../../../terminal/exit-code.ts";

/** A line of an inventory. */
export interface Place {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Makes the error about a line of an inventory. */
export function faultAt({ file, line }: Place, what: string): UsageError {
  return new UsageError(`${file}:${line}: ${what}`);
}
