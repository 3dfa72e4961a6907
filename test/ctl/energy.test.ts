import { expect, test } from "bun:test";
import { ENERGY } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";

const WIDE = { isTty: true, columns: 120 };

test("energy shows joules, watts, and what was saved with its interval", async () => {
  const { code, out } = await ctlWith({}, "energy", WIDE);
  const [, ...lines] = out.replace(/Since \S+ \S+,/, "Since then,").split("\n");
  expect([code, lines]).toEqual([
    0,
    [
      "web.1             4.32 MJ  50.0 W  0.86 (0.43 to 1.30) MJ   -500 (-900 to -100) J",
      "db                 0.50 J  0.00 W               not known               not known",
      "host's own tasks   864 kJ  10.0 W",
      "idle              3.46 MJ  40.0 W",
      "all               8.64 MJ   100 W  0.86 (0.60 to 1.13) MJ  0.86 (0.60 to 1.13) MJ",
      "",
      "Since then, for 24 h; metered by package-0, package-1",
      "A meter is not used: package-2: it stands still",
      "Model: 40.0 W, and 1.23 f + 0.46 f³ − 0.50 at turbo W for each busy CPU at f GHz; fitted on this host, to 2.35 W,",
      "  explaining 97 % of the changes",
      "",
    ],
  ]);
});

test("energy has a column for what cores used where a VM has a monitor of the hardware's own", async () => {
  const vms = ENERGY.vms.map((each) => (each.vm === "web.1" ? { ...each, coreJoules: 2_160_000 } : each));
  const GetEnergy = () => ({ ...ENERGY, vms });
  const { out } = await ctlWith({ GetEnergy }, "energy", WIDE);
  const ends = out.split("\n").map((line) => line.slice(-9));
  expect(ends.slice(0, 3)).toEqual(["    CORES", "  2.16 MJ", "not known"]);
});

test("energy of one VM leaves out the others", async () => {
  let asked: object = {};
  const GetEnergy = (choice: object) => {
    asked = choice;
    return { ...ENERGY, vms: ENERGY.vms.slice(0, 1) };
  };
  const { out } = await ctlWith({ GetEnergy }, "energy --vm web.1 --since 10m", WIDE);
  expect(asked).toEqual({ vm: "web.1", seconds: 600 });
  expect([out.includes("web.1"), out.includes("idle")]).toEqual([true, false]);
});

test("energy says that it is modelled, and why nothing is known to be saved", async () => {
  const { savedBaseline: _, savedMax: __, ...rest } = ENERGY;
  const GetEnergy = () => ({
    ...rest,
    meters: [],
    meteredJoules: 0,
    vms: [],
    savedUnknown: "The host has no meter",
    model: { ...ENERGY.model, fitted: false, turboWatts: 0 },
  });
  const { out } = await ctlWith({ GetEnergy }, "energy", WIDE);
  expect(out).toContain("modelled only, because this host has no meter that counts");
  expect(out).toContain("What was saved is not known: The host has no meter");
  expect(out).toContain("that of a typical server, which decides shares only");
});

test("energy says which part was modelled", async () => {
  const GetEnergy = () => ({ ...ENERGY, meteredJoules: ENERGY.joules / 2 });
  const { out } = await ctlWith({ GetEnergy }, "energy", WIDE);
  expect(out).toContain("50 % of it metered by package-0, package-1, the rest modelled");
});

test("energy --json is the daemon's reply, and a wrong time is a usage error", async () => {
  const { out } = await ctlWith({}, "energy --json");
  expect(JSON.parse(out)).toEqual({ schemaVersion: 1, ...ENERGY });
  expect((await ctlWith({}, "energy --since yesterday")).code).toBe(2);
});
