import { expect, test } from "bun:test";
import fc from "fast-check";
import { matches } from "../../src/base/name-pattern.ts";
import { overlap } from "../../src/config/contract/vm-pattern.ts";
import { ConfigDirectory } from "./harness.ts";

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), minLength: 1, maxLength: 3 });

/** The obvious reference: the pattern as a regular expression. */
function expression(text: string): RegExp {
  return new RegExp(`^${text.replaceAll("?", ".").replaceAll("*", ".*")}$`, "su");
}

test("matches() agrees with a regular expression", () => {
  const long = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "ü", "💾"), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom("a", "b", "ü", "💾"), maxLength: 10 });
  fc.assert(
    fc.property(long, name, (text, vm) => expect(matches(text, vm)).toBe(expression(text).test(vm))),
    { numRuns: 2000 },
  );
});

test("matches() takes no longer for a pattern of many wildcards than the product of both lengths", () => {
  const began = performance.now();
  for (let i = 0; i < 100; i++) expect(matches("*a".repeat(100), `${"a".repeat(248)}b`)).toBe(false);
  expect(performance.now() - began).toBeLessThan(1000);
});

test("overlap() says whether there is a name that both patterns match", () => {
  const names = [""];
  // No shortest common name of two patterns of three characters is longer than six.
  for (let from = 0, to = 1, length = 0; length < 6; length++, from = to, to = names.length)
    for (let i = from; i < to; i++) names.push(`${names[i]}a`, `${names[i]}b`);
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      const both = names.some((name) => expression(a).test(name) && expression(b).test(name));
      expect(overlap(a, b)).toBe(both);
      expect(overlap(b, a)).toBe(both);
    }),
    { numRuns: 2000 },
  );
});

test("overlap() of the longest patterns there may be takes as many steps as the product of their lengths", () => {
  const [a, b] = ["*a".repeat(125), "?*".repeat(125)];
  const began = performance.now();
  for (let i = 0; i < 100; i++) expect(overlap(a, b)).toBe(true);
  // 6 million steps.
  expect(performance.now() - began).toBeLessThan(2_000);
});

test("loadConfig() finds patterns that tie, with both places, and none where a rank or the names differ", () => {
  using at = new ConfigDirectory();
  const file = `[vm *-db]
Turbo=no
Query=yes
[vm web*]
Turbo=yes
[vm web-*]
Query=no
[vm abc?]
Turbo=no
[vm *]
Turbo=no
[vm ??]
Turbo=no
`;
  expect(at.load({ "vm-power.conf": file })).toEqual({
    said: [
      "vm-power.conf:5: Turbo in [vm web*] and in [vm *-db] can be for one VM, and both have as many literal characters " +
        "(the other stands in vm-power.conf:2; make one of them longer)",
    ],
  });
});

test("loadConfig() finds a class that does not exist, a class of a class, Vcpus for many VMs, and too many patterns", () => {
  using at = new ConfigDirectory();
  const file =
    "[class gold]\nClass=gold\nTurbo=no\n[vm a]\nClass=glod\n[vm b*]\nClass=x y\nVcpus=2\n[class a b]\n[class]\n";
  expect(at.load({ "vm-power.conf": file }).said).toEqual([
    expect.stringMatching(/^vm-power.conf:2: Unknown key "Class" in \[class gold\]/),
    'vm-power.conf:7: Class="x y" is not the name of a class: up to 64 letters, digits, "_", "." and "-"',
    expect.stringMatching(/^vm-power.conf:8: Unknown key "Vcpus" in \[vm b\*\]/),
    'vm-power.conf:9: [class a b] is not the name of a class: up to 64 letters, digits, "_", "." and "-"',
    "vm-power.conf:10: Unknown section [class] (the section of a class is called [class NAME])",
    "vm-power.conf:5: Class=glod: there is no section [class glod] (known are [class gold])",
  ]);
  const many = Array.from({ length: 129 }, (_, index) => `[vm ${index}*]\nTurbo=no\n`).join("");
  expect(at.load({ "vm-power.conf": many }).said).toEqual([
    "vm-power.conf:258: There are 129 patterns of VMs, more than 128",
  ]);
});
