import { expect, test } from "bun:test";
import { formatCpuList, parseCpuList } from "../../src/base/cpu-list.ts";

test("CPU numbers are written in the kernel's format, whatever they come in", () => {
  const lists: readonly (readonly [readonly number[], string])[] = [
    [[], ""],
    [[7], "7"],
    [[7, 7], "7"],
    [[8, 2, 0, 1, 3], "0-3,8"],
    [[5, 3, 5, 1], "1,3,5"],
  ];
  for (const [cpus, text] of lists) {
    expect([formatCpuList(cpus), formatCpuList(new Set(cpus)), formatCpuList(cpus.values())]).toEqual([
      text,
      text,
      text,
    ]);
    expect(parseCpuList(text)).toEqual([...new Set(cpus)].sort((a, b) => a - b));
  }
});
