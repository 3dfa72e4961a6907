import { describe, expect, test } from "bun:test";
import { PACKAGES, runScenario } from "./container.ts";

describe.skipIf(PACKAGES === undefined)(
  "on a host with a systemd of its own (make packages runs this)",
  () => {
    test.each(["life", "sandbox", "guest", "guest-js", "rpm", "ansible"])(
      "%s",
      (name) => {
        const { failed, checks, text } = runScenario(name);
        if (failed.length > 0 || checks === 0) console.error(text);
        expect(failed).toEqual([]);
        expect(checks).toBeGreaterThan(10);
      },
      180_000,
    );
  },
);
