import { readFileSync } from "node:fs";
import { join } from "node:path";
import { faults, readLcov, table } from "./coverage.ts";
import { EXCLUDED } from "./excluded.ts";

// The end of `make test COVERAGE=1`: prints what the tests ran of each folder, and fails for a line of the pure floors that
// none of them ran.

const ROOT = join(import.meta.dir, "../..");
const files = readLcov(readFileSync(join(ROOT, "dist/coverage/lcov.info"), "utf8"));
const found = faults(files, EXCLUDED, (file) => readFileSync(join(ROOT, file), "utf8"));
console.log(`\n${table(files)}\n\nBun counts lines and functions, not branches; make mutants tries those.`);
if (found.length > 0) console.log(`\nNot run by any test:\n  ${found.join("\n  ")}`);
process.exitCode = found.length === 0 ? 0 : 1;
