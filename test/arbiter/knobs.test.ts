import { expect, test } from "bun:test";
import type { Knobs } from "../../src/base/knobs.ts";
import { clock, domain, FREE, host } from "./fixture.ts";

/** What two VMs on one clock, and a third elsewhere, get there. */
function joined(a: Knobs | undefined, b: Knobs | undefined): Knobs | undefined {
  const { arbiter, set } = host([clock([0, 1]), clock([2])]);
  set(domain("a", [[0]]), { ...FREE, ...(a && { knobs: a }) });
  set(domain("b", [[1]]), { ...FREE, ...(b && { knobs: b }) });
  set(domain("c", [[2]]), { ...FREE, knobs: { epp: "performance", resumeLatencyUs: 0 } });
  return arbiter.knobs.on(1)?.wanted;
}

test("of two preferences on one clock the fastest counts, and a VM without one keeps the host's", () => {
  expect(joined({ epp: "power" }, { epp: "balance_performance" })?.epp).toBe("balance_performance");
  expect(joined({ epp: "power" }, { epp: "power" })).toEqual({
    ...{ epp: "power", resumeLatencyUs: undefined, governors: undefined, uncore: undefined },
  });
  expect(joined({ epp: "power" }, undefined)?.epp).toBeUndefined();
  expect(joined({ epp: "power" }, { resumeLatencyUs: 3 })?.epp).toBeUndefined();
});

test("of two latencies the shortest counts, whoever says one", () => {
  expect(joined({ resumeLatencyUs: 20 }, { resumeLatencyUs: 0 })?.resumeLatencyUs).toBe(0);
  expect(joined({ resumeLatencyUs: 20 }, undefined)?.resumeLatencyUs).toBe(20);
  expect(joined(undefined, undefined)).toEqual({});
});

test("a governor must be asked for by all, in the same words", () => {
  const governors = ["powersave", "schedutil"];
  expect(joined({ governors }, { governors: [...governors] })?.governors).toEqual(governors);
  expect(joined({ governors }, { governors: ["schedutil"] })?.governors).toBeUndefined();
  expect(joined({ governors }, undefined)?.governors).toBeUndefined();
});

test("knobs end with the VM, while it is paused, in a dry run, and follow its vCPUs", () => {
  const { arbiter, set, done } = host([clock([0]), clock([1])]);
  const contract = { ...FREE, knobs: { epp: "power" } as const };
  const wanted = () => [0, 1].map((cpu) => arbiter.knobs.on(cpu)?.wanted.epp);
  set(domain("a", [[0]]), contract);
  expect(wanted()).toEqual(["power", undefined]);
  set(domain("a", [[1]]), contract);
  expect(wanted()).toEqual([undefined, "power"]);
  set(domain("a", [[1]], "paused"), contract);
  expect(wanted()).toEqual([undefined, undefined]);
  set(domain("a", [[0], [1]]), { ...contract, dryRun: true });
  expect(wanted()).toEqual([undefined, undefined]);
  set(domain("a", [[0]]), contract);
  done(arbiter.removeDomain("a"));
  expect(wanted()).toEqual([undefined, undefined]);
  expect(arbiter.knobs.on(7)).toBeUndefined();
});

test("a guest that names a CPU of the host sets no knobs there", () => {
  const { arbiter, set, ask } = host([clock([0]), clock([1])]);
  set(domain("a", [[0]]), { ...FREE, physicalCores: true, knobs: { resumeLatencyUs: 0 } });
  ask("a", 1, "max", true);
  expect(arbiter.knobs.on(1)?.wanted).toEqual({});
});

test("of an uncore's lower bounds the highest counts; an upper bound needs every VM of the package, and the highest counts", () => {
  const { arbiter, set } = host([clock([0]), clock([1]), clock([2])]);
  const package0 = (a: Knobs["uncore"], b: Knobs["uncore"]) => {
    set(domain("a", [[0]]), { ...FREE, ...(a && { knobs: { uncore: a } }) });
    set(domain("b", [[1]]), { ...FREE, ...(b && { knobs: { uncore: b } }) });
    // Another package.
    set(domain("c", [[2]]), { ...FREE, knobs: { uncore: { minKhz: 9, maxKhz: 9 } } });
    return arbiter.knobs.uncore([0, 1, 7]);
  };
  expect(package0({ minKhz: 1, maxKhz: 5 }, { minKhz: 2, maxKhz: 4 })).toEqual({ minKhz: 2, maxKhz: 5 });
  expect(package0({ minKhz: 1, maxKhz: 5 }, undefined)).toEqual({ minKhz: 1, maxKhz: undefined });
  expect(package0({ maxKhz: 5 }, { minKhz: 3 })).toEqual({ minKhz: 3, maxKhz: undefined });
  expect(package0(undefined, undefined)).toBeUndefined();
  expect([arbiter.knobs.uncore([2]), arbiter.knobs.uncore([7])]).toEqual([
    { minKhz: 9, maxKhz: 9 },
    undefined,
  ]);
});
