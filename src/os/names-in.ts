import { readdirSync } from "node:fs";
import { attempt } from "../base/attempt.ts";

/** The names in a directory; none if it cannot be read. */
export function namesIn(directory: string): readonly string[] {
  return attempt(() => readdirSync(directory)) ?? [];
}
