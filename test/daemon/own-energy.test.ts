import { expect, test } from "bun:test";
import { ownEnergy } from "../../src/daemon/energy/own-energy.ts";

/** A host that has counted for two VMs, of which web1 may ask. */
function host({ energy = true }: { energy?: boolean } = {}) {
  const vms = new Map([
    ["web1", { joules: 41.9 }],
    ["db1", { joules: 7 }],
  ]);
  return {
    vms: { contracts: { values: (vm: string) => ({ energy: vm !== "db1" }) } },
    energy: energy
      ? { account: { state: { total: { toMs: 5_999, vms } } }, meters: { used: ["package-0"] } }
      : undefined,
  } as unknown as Parameters<typeof ownEnergy>[1];
}

test("a guest is told its own joules, whole ones, of a whole second", () => {
  const value = { joules: 41, second: 5, metered: true };
  expect(ownEnergy("web1", host())).toEqual({ ok: true, value });
  expect(ownEnergy("new", host())).toEqual({ ok: true, value: { ...value, joules: 0 } });
});

test("it is told nothing where its contract does not allow it, or nothing is counted", () => {
  expect(ownEnergy("db1", host())).toEqual({
    ok: false,
    why: "its contract does not allow it (set Energy=yes in [vm db1])",
  });
  expect(ownEnergy("web1", host({ energy: false }))).toEqual({
    ok: false,
    why: "no account of energy is kept (set Meters=auto in [energy])",
  });
});
