import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Files that are changed, and the folders whose tests must notice. */
export interface Room {
  readonly name: string;
  readonly files: readonly string[];
  readonly tests: readonly string[];
}

/** The neutral half of cpufreq/: `linux/` and `xen/` are beside it. What admin/ has beside judging calls is plumbing. */
const ROOMS: Readonly<Record<string, { readonly only?: RegExp; readonly tests: string }>> = {
  "src/wire": { tests: "test/wire" },
  "src/arbiter": { tests: "test/arbiter" },
  "src/ledger": { tests: "test/ledger" },
  "src/cpufreq": { tests: "test/cpufreq" },
  "src/admin": {
    only: /\/(conform|dispatch|message|parameters|framer|call-turns|single-call)\.ts$/,
    tests: "test/admin",
  },
  "src/channels": { only: /\/judge\.ts$/, tests: "test/channels" },
};

/**
 * These would take seconds for each mutant: they play whole days, of which what is allowed for chance hides small changes, and
 * run other programs.
 */
const LONG_TESTS = ["test/ledger/days.test.ts", "test/admin/foreign.test.ts"];

/** What mutants are made of; `wanted` keeps the files whose path contains one of its words. */
export function roomsOf(root: string, wanted: readonly string[]): Room[] {
  const isWanted = (file: string) => wanted.length === 0 || wanted.some((word) => file.includes(word));
  return Object.entries(ROOMS)
    .map(([name, { only, tests }]) => ({
      name,
      files: list(root, name, ".ts").filter((file) => (only?.test(file) ?? true) && isWanted(file)),
      tests: list(root, tests, ".test.ts").filter((file) => !LONG_TESTS.includes(file)),
    }))
    .filter(({ files }) => files.length > 0);
}

function list(root: string, folder: string, ending: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();
}
