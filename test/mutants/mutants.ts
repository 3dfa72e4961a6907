import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Mutation, mutationsOf } from "./operators.ts";

/** A change of a file of the project, numbered from 1. */
export interface Mutant extends Mutation {
  readonly id: number;
  readonly file: string;
  /** Where it is, as `line:column`. */
  readonly place: string;
  /** The line without its indentation: what a list of mutants knows it by, wherever the line moves. */
  readonly line: string;
  /** What changes, as `before → after`. */
  readonly change: string;
}

/** All mutants of some files. */
export function mutantsOf(root: string, files: readonly string[]): Mutant[] {
  const all: Mutant[] = [];
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    for (const mutation of mutationsOf(file, text)) {
      const before = text.slice(0, mutation.start).split("\n");
      const place = `${before.length}:${(before.at(-1) ?? "").length + 1}`;
      const line = (text.split("\n")[before.length - 1] ?? "").trim();
      const change = `${short(text.slice(mutation.start, mutation.end))} → ${short(mutation.instead) || "nothing"}`;
      all.push({ ...mutation, id: all.length + 1, file, place, line, change });
    }
  }
  return all;
}

function short(text: string): string {
  const oneLine = text.replace(/\s+/g, " ");
  return oneLine.length > 80 ? `${oneLine.slice(0, 79)}…` : oneLine;
}
