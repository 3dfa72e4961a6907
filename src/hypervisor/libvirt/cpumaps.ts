import { CPU_NUMBER_END } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";

/** Bytes of the map that is asked for per vCPU: room for every CPU number there can be. */
export const CPUMAP_BYTES = CPU_NUMBER_END / 8;

/**
 * Turns libvirt's maps (`CPUMAP_BYTES` each, the lowest bit of the first byte is CPU 0) into CPU lists. Equal maps give
 * the same array: a domain that floats over a large host would otherwise cost a megabyte.
 */
export function cpumapsToLists(maps: Uint8Array, count: number): readonly (readonly Pcpu[])[] {
  const seen = new Map<string, readonly Pcpu[]>();
  const lists: (readonly Pcpu[])[] = [];
  const whole = Math.min(count, Math.floor(maps.length / CPUMAP_BYTES));
  for (let vcpu = 0; vcpu < whole; vcpu++) {
    const map = maps.subarray(vcpu * CPUMAP_BYTES, (vcpu + 1) * CPUMAP_BYTES);
    const key = map.toBase64();
    const list = seen.get(key) ?? listOf(map);
    seen.set(key, list);
    lists.push(list);
  }
  return lists;
}

/** Turns a CPU list into the shortest of libvirt's maps that holds it. */
export function listToCpumap(pcpus: readonly Pcpu[]): Uint8Array {
  const map = new Uint8Array((Math.max(0, ...pcpus) >> 3) + 1);
  for (const pcpu of pcpus) map[pcpu >> 3] = (map[pcpu >> 3] ?? 0) | (1 << (pcpu & 7));
  return map;
}

function listOf(map: Uint8Array): Pcpu[] {
  const list: Pcpu[] = [];
  map.forEach((byte, index) => {
    if (byte === 0) return;
    for (let bit = 0; bit < 8; bit++) {
      if ((byte >> bit) & 1) list.push(index * 8 + bit);
    }
  });
  return list;
}
