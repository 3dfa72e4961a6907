import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CORPUS } from "./corpus.ts";
import { WORLD_FAULTS } from "./faults.ts";

const ROOT = join(import.meta.dir, "../..");

test("every fault that `make world-faults` plants has its line in the sources, once", () => {
  const stale = WORLD_FAULTS.filter(
    ({ file, line }) => readFileSync(join(ROOT, file), "utf8").split(line).length !== 2,
  );
  expect(stale.map(({ name }) => name)).toEqual([]);
});

test("every entry of the corpus names the fault with which `make world-faults` sees it fail", () => {
  const names = WORLD_FAULTS.map(({ name }) => name);
  expect(CORPUS.filter(({ fault }) => !names.includes(fault))).toEqual([]);
});
