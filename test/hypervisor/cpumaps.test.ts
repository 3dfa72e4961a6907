import { expect, test } from "bun:test";
import fc from "fast-check";
import { cpumapsToLists } from "../../src/hypervisor/libvirt/cpumaps.ts";

test("cpumapsToLists() counts bits from the lowest of the first byte", () => {
  const maps = new Uint8Array(3 * 1024);
  maps[0] = 0b0000_0100; // vCPU 0: CPU 2
  maps[1024] = 0b1000_0001; // vCPU 1: CPUs 0 and 7,
  maps[1025] = 0b0000_0010; // 9,
  maps[2047] = 0b1000_0000; // and the last there can be
  expect(cpumapsToLists(maps, 3)).toEqual([[2], [0, 7, 9, 8191], []]);
});

test("cpumapsToLists() checks the count against the length", () => {
  const maps = new Uint8Array(2 * 1024 + 500).fill(1);
  expect(cpumapsToLists(maps, 9).length).toBe(2);
  expect(cpumapsToLists(maps, 1).length).toBe(1);
  expect(cpumapsToLists(maps, -1)).toEqual([]);
});

test("cpumapsToLists() shares one list between vCPUs with equal maps", () => {
  const lists = cpumapsToLists(new Uint8Array(256 * 1024).fill(0xff), 256);
  expect([lists.length, new Set(lists).size, lists[0]?.length]).toEqual([256, 1, 8192]);
});

test("cpumapsToLists() gives ascending lists of exactly the bits set", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(8191), { maxLength: 50 }), (cpus) => {
      const map = new Uint8Array(1024);
      for (const cpu of cpus) map[cpu >> 3] = (map[cpu >> 3] ?? 0) | (1 << (cpu & 7));
      expect(cpumapsToLists(map, 1)).toEqual([cpus.sort((a, b) => a - b)]);
    }),
  );
});
