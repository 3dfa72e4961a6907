import { expect, test } from "bun:test";
import { powerReport } from "../../src/daemon/energy/energy-report.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { Account } from "../../src/ledger/account.ts";
import { emptySpan } from "../../src/ledger/span.ts";

const minute = (fromMs: number, joules: number) => ({
  ...emptySpan(fromMs),
  toMs: fromMs + 60_000,
  joules,
  idle: 1500,
  host: 60,
});

test("powerReport() tells the mean power of each minute: of all, without work, and of the host's tasks", () => {
  const minutes = [minute(0, 3000), minute(60_000, 6000), emptySpan(120_000)];
  const account = new Account(0, { total: emptySpan(0), minutes, hours: [], blocks: [] });
  expect(powerReport({ energy: { account } as Parts["energy"] })).toEqual({
    spans: [
      { fromMs: 0, toMs: 60_000, watts: 50, idleWatts: 25, hostWatts: 1 },
      { fromMs: 60_000, toMs: 120_000, watts: 100, idleWatts: 25, hostWatts: 1 },
    ],
  });
});

test("powerReport() is refused where no account is kept, with the remedy", () => {
  expect(() => powerReport({ energy: undefined })).toThrow(
    "set Meters=auto in [energy] and restart vm-power",
  );
});
