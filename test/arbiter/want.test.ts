import { expect, test } from "bun:test";
import fc from "fast-check";
import { PRECEDENCE, type Source, type Want, Wants } from "../../src/arbiter/want.ts";
import { at, by, clock, domain, host, plain } from "./fixture.ts";

function want(source: Source, asked = source): Want {
  return {
    source,
    holder: { kind: "vcpu", vm: "a", vcpu: 0 },
    asked,
    atMs: 0,
    untilMs: undefined,
    hold: false,
    position: { index: 0, turbo: false, bound: undefined, wishIndex: 0, wishTurbo: false },
    exact: undefined,
    before: undefined,
  };
}

test("the want of the source with the highest precedence counts: order, request, lease, guest policy, schedule", () => {
  const table: readonly (readonly [readonly Source[], Source | undefined])[] = [
    [[], undefined],
    [["schedule"], "schedule"],
    [["schedule", "guest-policy"], "guest-policy"],
    [["guest-policy", "schedule"], "guest-policy"],
    [["schedule", "guest-policy", "lease"], "lease"],
    [["lease", "request"], "request"],
    [["request", "lease", "guest-policy", "schedule"], "request"],
    [["request", "operator"], "operator"],
    [["operator", "request", "lease", "guest-policy", "schedule"], "operator"],
  ];
  const counts = table.map(([sources]) => {
    const wants = new Wants();
    for (const source of sources) wants.put(want(source));
    return [sources, wants.current?.source];
  });
  expect(counts).toEqual(table.map(([sources, first]) => [sources, first]));
});

test("Wants agree with a list that is searched from the front, whatever is put, removed and taken back", () => {
  const step = fc.record({
    source: fc.constantFrom(...PRECEDENCE),
    act: fc.constantFrom("put", "remove", "takeBack"),
    nth: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const wants = new Wants();
      const made: Want[] = [];
      // For each source the wants that were put and not removed, oldest first.
      const model = new Map<Source, Want[]>();
      for (const { source, act, nth } of steps) {
        const stack = model.get(source) ?? [];
        model.set(source, stack);
        if (act === "put") {
          const put = want(source, `${made.length}` as Source);
          made.push(put);
          stack.push(put);
          wants.put(put);
        } else if (act === "remove") {
          stack.length = 0;
          wants.remove(source);
        } else {
          const victim = made[nth % Math.max(1, made.length)];
          if (victim === undefined) continue;
          const from = model.get(victim.source) ?? [];
          if (from.includes(victim)) from.splice(from.indexOf(victim), 1);
          wants.takeBack(victim);
        }
        const first = PRECEDENCE.map((each) => model.get(each)?.at(-1)).find((each) => each !== undefined);
        expect(wants.current).toBe(first);
      }
    }),
  );
});

test("of wants that replaced each other any can be taken back or exchanged, and the newest that is left counts", () => {
  const [a, b, c, other] = ["a", "b", "c", "other"].map((name) => want("request", name as Source)) as [
    Want,
    Want,
    Want,
    Want,
  ];
  const left = (act: (wants: Wants) => void) => {
    const wants = new Wants();
    for (const each of [a, b, c]) wants.put(each);
    act(wants);
    const found: string[] = [];
    for (let top = wants.of("request"); top !== undefined; top = wants.of("request")) {
      expect(wants.current).toBe(top);
      found.push(top.asked);
      wants.takeBack(top);
    }
    return found;
  };
  expect([
    left(() => {}),
    ...[a, b, c, other].map((each) => left((wants) => wants.takeBack(each))),
    ...[a, b, c, other].map((each) => left((wants) => wants.exchange(each, { ...other }))),
  ]).toEqual([
    ["c", "b", "a"],
    ...[
      ["c", "b"],
      ["c", "a"],
      ["b", "a"],
      ["c", "b", "a"],
    ],
    ...[
      ["c", "b", "other"],
      ["c", "other", "a"],
      ["other", "b", "a"],
      ["c", "b", "a"],
    ],
  ]);
});

test("a want ends when its time is over, and not before", () => {
  const { arbiter, done, set } = host([clock([0]), clock([1])]);
  set(domain("a", [[0]]));
  expect(arbiter.dueAt()).toBeUndefined();
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 5000 })));
  done(arbiter.operate(1, "min", by("alice", { hold: true, untilMs: 7000 })));
  expect(arbiter.dueAt()).toBe(5000);
  expect(done(arbiter.tick(at(4999)))).toEqual([]);
  const change = arbiter.tick(at(5000));
  expect([plain(change), change.endedOrders, arbiter.dueAt()]).toEqual([
    [{ clock: 0, setting: "baseline" }],
    [0],
    7000,
  ]);
});

test("a jump of the wall clock ends no want", () => {
  const { arbiter, done } = host([clock([0])]);
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 5000 })));
  expect(plain(arbiter.tick({ monoMs: 4000, wallMs: 86_400_000 }))).toEqual([]);
  expect(plain(arbiter.tick({ monoMs: 5000, wallMs: -86_400_000 })).length).toBe(1);
});

test("a want that was released or replaced has no end left", () => {
  const { arbiter, done } = host([clock([0]), clock([1])]);
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 5000 })));
  done(arbiter.operate(0, "release", by("alice")));
  done(arbiter.operate(1, "min", by("alice", { hold: true, untilMs: 5000 })));
  done(arbiter.operate(1, "down", by("alice", { hold: true })));
  expect(arbiter.dueAt()).toBeUndefined();
  expect(plain(arbiter.tick(at(9000)))).toEqual([]);
  expect(arbiter.clock(1)?.order).toMatchObject({ asked: "down", untilMs: undefined });
});

test("after a want was replaced, one look at most comes too early and ends nothing", () => {
  const { arbiter, done } = host([clock([0])]);
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 5000 })));
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 8000 })));
  expect(arbiter.dueAt()).toBe(5000);
  expect([plain(arbiter.tick(at(5000))), arbiter.dueAt()]).toEqual([[], 8000]);
  expect(done(arbiter.tick(at(8000)))).toEqual([{ clock: 0, setting: "baseline" }]);
});

test("a want whose release the kernel refused still ends, although others ended meanwhile", () => {
  const { arbiter, done } = host([clock([0]), clock([1])]);
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 9000 })));
  done(arbiter.operate(1, "min", by("alice", { hold: true, untilMs: 5000 })));
  const release = arbiter.operate(0, "release", by("alice"));
  done(arbiter.tick(at(5000)));
  done(arbiter.rollback(release, { accepted: 0, reason: "EBUSY", now: at(5001) }));
  expect([arbiter.clock(0)?.order?.untilMs, arbiter.dueAt()]).toEqual([9000, 9000]);
  expect(done(arbiter.tick(at(9000)))).toEqual([{ clock: 0, setting: "baseline" }]);
});

test("the end of a want stays when its clock is replaced", () => {
  const { arbiter, done } = host([clock([0])]);
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 5000 })));
  done(arbiter.setClocks([clock([0])]));
  expect(done(arbiter.tick(at(5000)))).toEqual([{ clock: 0, setting: "baseline" }]);
});
