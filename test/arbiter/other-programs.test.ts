import { expect, test } from "bun:test";
import { clock, domain, FREE, host, plain, request, speed } from "./fixture.ts";

test("another program's setting stays until the next request there, which is written again though nothing changed", () => {
  const { arbiter, set, ask } = host([clock([0]), clock([1])]);
  set(domain("a", [[0], [1]]));
  ask("a", 0, "min");
  ask("a", 1, "min");
  expect(ask("a", 0, "min")).toEqual([]);
  arbiter.yielded(0);
  // A CPU that is not managed has nothing to keep.
  arbiter.yielded(7);
  expect([ask("a", 1, "min"), ask("a", 0, "min"), ask("a", 0, "min")]).toEqual([[], [speed(0, 5)], []]);
});

test("what the kernel holds is not known until it is written again", () => {
  const { arbiter, set, ask, done } = host([clock([0]), clock([1])]);
  set(domain("a", [[0], [1]]));
  ask("a", 0, "min");
  arbiter.distrust();
  expect([arbiter.clock(0)?.accepted, arbiter.clock(0)?.speed]).toEqual([undefined, undefined]);
  expect(plain(arbiter.outstanding((id) => id === 0))).toEqual([speed(0, 5)]);
  expect(done(arbiter.outstanding())).toEqual([{ clock: 1, setting: "baseline" }]);
});

test("the CPUs of the host that a guest named are told as long as it wants something of them", () => {
  const { arbiter, set, ask, done } = host([clock([0]), clock([1]), clock([2])]);
  set(domain("a", [[0]]), { ...FREE, physicalCores: true });
  ask("a", 2, "min", true);
  ask("a", 1, "max", true);
  const named = () => arbiter.named("a").map(({ vcpu, pcpus, asked }) => ({ vcpu, pcpus, asked }));
  expect(named()).toEqual([
    { vcpu: 2, pcpus: [2], asked: "min" },
    { vcpu: 1, pcpus: [1], asked: "max" },
  ]);
  done(arbiter.endRequests("a"));
  expect([named(), arbiter.named("gone")]).toEqual([[], []]);
});

test("a request that is not granted has no grant", () => {
  const { arbiter, set } = host([clock([0])]);
  set(domain("a", [[0]]));
  const nothing = { khz: undefined, bound: undefined };
  expect([arbiter.grantOf("a", request(5, "max")), arbiter.grantOf("gone", request(0, "max"))]).toEqual([
    nothing,
    nothing,
  ]);
});
