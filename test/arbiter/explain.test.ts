import { describe, expect, test } from "bun:test";
import type { ScaleAction } from "../../src/wire/packet.ts";
import { at, by, clock, domain, FREE, host, request } from "./fixture.ts";

const vcpu = (vm: string) => ({ kind: "vcpu", vm, vcpu: 0 }) as const;

describe("every decision can be explained", () => {
  test("who asked, what was granted, and which rule bounded it", () => {
    const { arbiter, ask, done, set } = host([clock([0, 1])]);
    const last = () => arbiter.clock(0)?.last;
    set(domain("a", [[0]]), { ...FREE, maxKhz: 2_000_000 });
    expect(last()).toBeUndefined();
    ask("a", 0, "max");
    const common = { atMs: 1000, by: vcpu("a"), accepted: true };
    expect(last()).toEqual({
      ...common,
      asked: "max",
      khz: 2_000_000,
      rule: { kind: "bounded", by: "MaxKhz" },
    });
    set(domain("b", [[1]]));
    ask("a", 0, "min");
    const silent = { kind: "silent", holder: vcpu("b"), self: false } as const;
    expect(last()).toEqual({ ...common, asked: "min", khz: undefined, rule: silent });
    ask("b", 0, "down");
    ask("a", 0, "min");
    expect(last()?.rule).toEqual({ kind: "outbid", holder: vcpu("b"), khz: 2_300_000 });
    done(arbiter.operate(0, "max", by("alice", { hold: true, ms: 5 })));
    expect(last()?.rule).toEqual({ kind: "operator", hold: true, who: "alice" });
    const change = arbiter.scale("a", request(0, "min"), at(6));
    done(arbiter.rollback(change, { accepted: 0, reason: "EBUSY", now: at(6) }));
    expect([last()?.accepted, last()?.rule]).toEqual([
      false,
      { kind: "refused", refusal: { code: "kernel-refused", reason: "EBUSY" } },
    ]);
  });

  test("a granted request tells what keeps its clock from the speed: a hold, or else a limit or another claim", () => {
    const { arbiter, done, set } = host([clock([0, 1]), clock([2])]);
    const limit = (vm: string, action: ScaleAction) => {
      const change = arbiter.scale(vm, request(0, action), at(1000));
      done(change);
      return change.limit;
    };
    set(domain("a", [[0]]), { ...FREE, maxKhz: 2_000_000 });
    set(domain("b", [[1]]));
    set(domain("c", [[2]]));
    const bounded = { kind: "bounded", clock: 0 } as const;
    expect(limit("c", "min")).toBeUndefined();
    // b is silent, so the clock keeps its own settings.
    expect(limit("a", "min")).toEqual(bounded);
    expect(limit("b", "min")).toBeUndefined();
    expect(limit("a", "min")).toBeUndefined();
    expect(limit("a", "max")).toEqual(bounded);
    expect(limit("b", "min")).toEqual(bounded);
    done(arbiter.operate(0, "min", by("alice", { hold: true })));
    expect(limit("a", "max")).toEqual({ kind: "held", clock: 0 });
    // It is what the operator ordered.
    expect(limit("a", "min")).toBeUndefined();
    expect(arbiter.scale("d", request(0, "max"), at(1000)).limit).toBeUndefined();
  });

  test("a removed VM is named in no rule", () => {
    const { arbiter, ask, done, set } = host([clock([0, 1])]);
    set(domain("a", [[0]]));
    set(domain("b", [[1]]));
    ask("b", 0, "max");
    ask("a", 0, "min");
    expect(arbiter.clock(0)?.last?.rule).toEqual({ kind: "outbid", holder: vcpu("b"), khz: 2_301_000 });
    done(arbiter.removeDomain("b"));
    expect(arbiter.clock(0)?.last).toMatchObject({
      by: vcpu("a"),
      khz: 1_200_000,
      rule: { kind: "as-asked" },
    });
    done(arbiter.removeDomain("a"));
    expect(arbiter.clock(0)?.last).toMatchObject({ khz: undefined, rule: { kind: "nobody" } });
  });

  test("a claim taken over from an earlier daemon is explained like a request", () => {
    const { arbiter, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    const speeds = [{ clock: 0, khz: 1_400_000, turbo: false }];
    arbiter.takeOver(
      "a",
      [{ vm: "a", resource: 0, physical: false, asked: "down", askedAtMs: 7, speeds }],
      at(0),
    );
    arbiter.distrust();
    arbiter.commit(arbiter.outstanding());
    expect(arbiter.clock(0)?.last).toEqual({
      atMs: 7,
      by: vcpu("a"),
      asked: "down",
      accepted: true,
      khz: 1_400_000,
      rule: { kind: "as-asked" },
    });
  });

  test("the rule stays the same after an update of its VM", () => {
    const { arbiter, ask, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    ask("a", 0, "min");
    set(domain("a", [[0]]));
    expect(arbiter.clock(0)?.last?.rule).toEqual({ kind: "as-asked" });
  });
});

test("every vCPU on a shared clock has the rule that bounds it", () => {
  const { arbiter, ask, done, set } = host([clock([2, 3])]);
  set(domain("a", [[2]]), { ...FREE, maxKhz: 1_700_000 });
  set(domain("b", [[3]]));
  const rules = () => ["a", "b"].map((name) => arbiter.vcpu(name, 0)?.clocks[0]?.rule);
  expect(rules()).toEqual([{ kind: "nobody" }, { kind: "nobody" }]);
  ask("a", 0, "max");
  expect(rules()).toEqual([
    { kind: "silent", holder: vcpu("b"), self: false },
    { kind: "silent", holder: vcpu("b"), self: true },
  ]);
  ask("b", 0, "min");
  expect(rules()).toEqual([
    { kind: "bounded", by: "MaxKhz" },
    { kind: "outbid", holder: vcpu("a"), khz: 1_700_000 },
  ]);
  done(arbiter.operate(2, "max", by("alice", { hold: true, ms: 1 })));
  const held = { kind: "operator", hold: true, who: "alice" } as const;
  expect(rules()).toEqual([held, held]);
});

test("of claims for the same speed none bounds another, and each is told its own bound", () => {
  const { arbiter, ask, set } = host([clock([2, 3])]);
  set(domain("a", [[2]]), { ...FREE, maxKhz: 1_700_000 });
  set(domain("b", [[3]]));
  const rules = () => ["a", "b"].map((name) => arbiter.vcpu(name, 0)?.clocks[0]?.rule);
  for (const name of ["a", "b"]) ask(name, 0, "min");
  expect(rules()).toEqual([{ kind: "as-asked" }, { kind: "as-asked" }]);
  ask("a", 0, "max");
  while (arbiter.vcpu("b", 0)?.clocks[0]?.khz !== 1_700_000) ask("b", 0, "up");
  expect(rules()).toEqual([{ kind: "bounded", by: "MaxKhz" }, { kind: "as-asked" }]);
});

test("a dry run changes nothing, and reports the speed that would be set", () => {
  const { arbiter, ask, set } = host([clock([0])]);
  set(domain("a", [[0]]), { ...FREE, dryRun: true });
  expect(ask("a", 0, "min")).toEqual([]);
  expect(arbiter.grantOf("a", request(0, "min"))).toEqual({
    khz: 1_200_000,
    bound: { kind: "dry-run", holder: vcpu("a"), khz: 1_200_000 },
  });
  expect(arbiter.clock(0)).toMatchObject({ accepted: "baseline", should: "baseline" });
});

test("a vCPU keeps its last refused request, also after a change of its pins", () => {
  const { arbiter, set } = host([clock([2])]);
  set(domain("a", [[2], []]), { ...FREE, turbo: false });
  const refused = (of: number) => arbiter.vcpu("a", of)?.refused;
  arbiter.scale("a", request(0, "turbo"), at(5));
  arbiter.commit(arbiter.scale("a", request(0, "max"), at(6)));
  arbiter.scale("a", request(1, "max"), at(7));
  set(domain("a", [[2], []]));
  expect(refused(0)).toMatchObject({ asked: "turbo", atMs: 5, refusal: { code: "turbo-forbidden" } });
  expect(refused(1)).toMatchObject({ asked: "max", atMs: 7, refusal: { code: "vcpu-offline", vcpu: 1 } });
});

test("the setting of a clock is what the kernel accepted last, for each of its CPUs", () => {
  const { arbiter, ask, set } = host([clock([2, 3])]);
  set(domain("a", [[2]]));
  expect(arbiter.setting(3)).toMatchObject({ clock: { id: 2, pcpus: [2, 3] }, accepted: "baseline" });
  ask("a", 0, "min");
  expect(arbiter.setting(3)?.accepted).toBe(5);
  arbiter.distrust();
  expect(arbiter.setting(3)?.accepted).toBeUndefined();
  expect(arbiter.setting(4)).toBeUndefined();
});
