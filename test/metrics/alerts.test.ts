import { expect, test } from "bun:test";
import { join } from "node:path";

const PROMTOOL = Bun.which("promtool");
const why = PROMTOOL === null ? " (skipped without promtool, Debian's package prometheus)" : "";

test.skipIf(PROMTOOL === null)(`the alerts name the missing host, and no other${why}`, () => {
  const rules = join(import.meta.dir, "alerts.yml");
  const { exitCode, stdout, stderr } = Bun.spawnSync([PROMTOOL ?? "", "test", "rules", rules]);
  expect([exitCode, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("SUCCESS")]);
});
