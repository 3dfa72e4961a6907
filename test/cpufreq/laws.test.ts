import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Setting } from "../../src/base/clock.ts";
import type { CpufreqTree, TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { ACPI_KHZ, testHost, watchedDisk } from "./test-host.ts";

/** One clock of each kind of files: one shared, one with two directories. */
const GROUPS: readonly TreeCpus[] = [
  {
    cpus: [0],
    driver: "acpi-cpufreq",
    khz: ACPI_KHZ,
    governor: "userspace",
    files: { scaling_setspeed: "1700000" },
  },
  { cpus: [1], driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 },
  { cpus: [2, 3], shared: true, driver: "intel_cpufreq", khz: [3500000, 800000], baseKhz: 2300000 },
  { cpus: [4, 5], siblings: true, driver: "amd-pstate-epp", khz: [3500000, 400000], baseKhz: 2600000 },
];
const CLOCKS = [0, 1, 2, 4];

const setting: fc.Arbitrary<Setting> = fc.oneof(fc.constant("baseline" as const), fc.nat({ max: 5 }));
const write = fc.record({ clock: fc.constantFrom(...CLOCKS), setting });
const writes = fc.array(write, { maxLength: 12 });

test("After any requests, the end restores every byte (R8)", () => {
  fc.assert(
    fc.property(writes, fc.boolean(), (asked, byBaseline) => {
      using host = testHost(GROUPS);
      const before = host.snapshot();
      const cpufreq = host.open();
      const refused = asked.map((one) => cpufreq.apply(one)).filter((answer) => answer !== undefined);
      if (byBaseline) for (const clock of CLOCKS) cpufreq.apply({ clock, setting: "baseline" });
      const left = byBaseline ? [host.snapshot(), host.journal()] : undefined;
      refused.push(...cpufreq.close());
      expect({ refused, tree: host.snapshot(), journal: host.journal() }).toEqual({
        refused: [],
        tree: before,
        journal: [],
      });
      expect(left ?? [before, []]).toEqual([before, []]);
    }),
    { numRuns: 60 },
  );
});

/** Another program changes the limits of CPU 1, in valid order. */
const foreign = fc.tuple(fc.integer({ min: 8, max: 35 }), fc.integer({ min: 8, max: 35 }));
const step = fc.oneof(write, foreign);

test("The lower limit is never above the higher one, whatever other programs wrote before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 16 }), (steps) => {
      using host = testHost(GROUPS);
      const crossed: string[] = [];
      const watch = () => crossed.push(...CLOCKS.filter((cpu) => isCrossed(host.tree, cpu)).map(String));
      const cpufreq = host.open(
        {},
        watchedDisk(host.root, () => undefined, watch),
      );
      for (const one of steps) {
        if (Array.isArray(one)) moveLimits(host.tree, one);
        else cpufreq.apply(one);
      }
      cpufreq.close();
      expect(crossed).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

function moveLimits(tree: CpufreqTree, bins: readonly [number, number]): void {
  tree.write(1, "scaling_min_freq", `${Math.min(...bins)}00000`);
  tree.write(1, "scaling_max_freq", `${Math.max(...bins)}00000`);
}

function isCrossed(tree: CpufreqTree, cpu: number): boolean {
  return Number(tree.read(cpu, "scaling_min_freq")) > Number(tree.read(cpu, "scaling_max_freq"));
}

test("After a refusal of any write a clock has its previous setting", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...CLOCKS),
      fc.nat({ max: 5 }),
      fc.nat({ max: 5 }),
      fc.nat({ max: 8 }),
      (...drawn) => {
        const [clock, first, second, refuseAt] = drawn;
        using host = testHost(GROUPS);
        let until = Number.POSITIVE_INFINITY;
        const disk = watchedDisk(host.root, ({ kind }) =>
          kind === "write" && until-- === 0 ? "EIO" : undefined,
        );
        const cpufreq = host.open({}, disk);
        cpufreq.apply({ clock, setting: first });
        const held = host.snapshot();
        until = refuseAt;
        const answer = cpufreq.apply({ clock, setting: second });
        if (answer !== undefined) expect(host.snapshot()).toEqual(held);
        until = Number.POSITIVE_INFINITY;
        expect(cpufreq.close()).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
