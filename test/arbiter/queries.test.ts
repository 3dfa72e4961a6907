import { expect, test } from "bun:test";
import { ACPI, clock, domain, FREE, host, NO_TURBO, PSTATE } from "./fixture.ts";

const QUERIES = { ...FREE, query: true };
const frequency = (resource: number | "all") =>
  ({ kind: "query", what: "frequency", resource, vmName: "" }) as const;
const capabilities = (resource: number | "all") =>
  ({ kind: "query", what: "capabilities", resource, vmName: "" }) as const;

test("a guest is told the speeds that its CPUs should have, as DPDK shows them, and 0 for one that is not managed", () => {
  const { arbiter, set, ask } = host([clock([0]), clock([1], NO_TURBO, 1_500_000), clock([2], PSTATE)]);
  set(domain("a", [[0], [1], [2], [9]]), QUERIES);
  ask("a", 0, "min");
  ask("a", 2, "turbo");
  ask("a", 2, "max");
  expect([arbiter.answer("a", frequency("all")), arbiter.answer("a", frequency(1))]).toEqual([
    { ok: true, value: { what: "frequency", peerKhz: [1_200_000, 1_500_000, 2_100_001, 0] } },
    { ok: true, value: { what: "frequency", peerKhz: [undefined, 1_500_000, undefined, undefined] } },
  ]);
});

test("of a vCPU with several CPUs the last one is told, as DPDK's host does", () => {
  const { arbiter, set } = host([clock([0]), { ...clock([1], NO_TURBO), priority: new Set([1]) }]);
  set(domain("a", [[0, 1], [0]]), QUERIES);
  expect(arbiter.answer("a", frequency("all"))).toEqual({
    ok: true,
    value: { what: "frequency", peerKhz: [2_000_000, 2_301_000] },
  });
  expect(arbiter.answer("a", capabilities("all"))).toEqual({
    ok: true,
    value: {
      what: "capabilities",
      capabilities: [
        { turbo: false, priority: true },
        { turbo: true, priority: false },
      ],
    },
  });
});

test("capabilities of a CPU that is not managed are not known, and those beside it are told alone", () => {
  const { arbiter, set } = host([clock([0]), { ...clock([1], ACPI), priority: new Set([1]) }]);
  set(domain("a", [[0], [1], [9]]), QUERIES);
  const refused = (vcpu: number | "all") => ({ ok: false, why: { code: "not-answerable", vcpu } });
  expect([arbiter.answer("a", capabilities("all")), arbiter.answer("a", capabilities(2))]).toEqual([
    refused("all"),
    refused(2),
  ] as never);
  expect(arbiter.answer("a", capabilities(1))).toEqual({
    ok: true,
    value: { what: "capabilities", capabilities: [undefined, { turbo: true, priority: true }, undefined] },
  });
});

test("a vCPU that the VM does not have, or that has no room in a list, cannot be asked for alone", () => {
  const { arbiter, set } = host(Array.from({ length: 10 }, (_, cpu) => clock([cpu])));
  const pins = Array.from({ length: 10 }, (_, cpu) => [cpu]);
  set(domain("ten", pins), QUERIES);
  set(domain("two", pins.slice(0, 2)), QUERIES);
  const isAnswered = (name: string, resource: number) => arbiter.answer(name, frequency(resource)).ok;
  expect([7, 8, 9, 10].map((vcpu) => isAnswered("ten", vcpu))).toEqual([true, false, false, false]);
  expect([1, 2].map((vcpu) => isAnswered("two", vcpu))).toEqual([true, false]);
  expect(arbiter.answer("two", frequency(2))).toEqual({
    ok: false,
    why: { code: "not-answerable", vcpu: 2 },
  });
});

test("nothing is told to a guest whose contract forbids it, nor of a VM that is not known", () => {
  const { arbiter, set } = host([clock([0])]);
  set(domain("a", [[0]]), FREE);
  expect([arbiter.answer("a", frequency(0)), arbiter.answer("gone", frequency(0))]).toEqual([
    { ok: false, why: { code: "queries-off" } },
    { ok: false, why: { code: "unknown-domain" } },
  ]);
});
