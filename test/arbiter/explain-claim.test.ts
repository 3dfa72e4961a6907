import { expect, test } from "bun:test";
import { explainClaim } from "../../src/arbiter/explain.ts";
import { clock, domain, FREE, host, request } from "./fixture.ts";

test("explainClaim() says which rule bounds each of those who meet on a clock", () => {
  const { arbiter, ask } = host([clock([2, 3])]);
  arbiter.setDomain(domain("a", [[2]]), { ...FREE, maxKhz: 1_700_000 });
  arbiter.setDomain(domain("b", [[3]]), FREE);
  const rules = () =>
    ["a", "b"].map((name) => {
      const claim = arbiter.domains.get(name)?.vcpus[0]?.claims[0];
      return claim && explainClaim(claim);
    });
  expect(rules()).toEqual(Array(2).fill("nobody claims this CPU, so its own settings hold"));
  ask("a", 0, "max");
  expect(rules()).toEqual([
    "b:0 runs here and never asked, so it keeps the baseline",
    "it never asked, so it keeps the baseline",
  ]);
  ask("b", 0, "min");
  expect(rules()).toEqual(["bounded by MaxKhz of its contract", "a:0 claims 1700000 kHz on the same clock"]);
  arbiter.operate(2, "max", { hold: true, nowMs: 1 });
  expect(rules()).toEqual(["held by the operator", "held by the operator"]);
});

test("a claimant remembers the last request that was refused, also over a change of its pins", () => {
  const { arbiter } = host([clock([2])]);
  arbiter.setDomain(domain("a", [[2], []]), { ...FREE, turbo: false });
  const refused = (vcpu: number) => arbiter.domains.get("a")?.vcpus[vcpu]?.refused;
  arbiter.scale("a", request(0, "turbo"), 5);
  arbiter.scale("a", request(0, "max"), 6);
  arbiter.scale("a", request(1, "max"), 7);
  arbiter.setDomain(domain("a", [[2], []]), FREE);
  expect(refused(0)).toMatchObject({ asked: "turbo", atMs: 5, refusal: { code: "turbo-forbidden" } });
  expect(refused(1)).toMatchObject({ asked: "max", atMs: 7 });
  arbiter.undo("a", request(0, "max"), "EBUSY");
  expect(refused(0)).toMatchObject({ asked: "max", atMs: 6, refusal: { code: "kernel-refused" } });
});
