import { CPU_NUMBER_END } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";

/** Bytes of the CPU map that is requested for each vCPU: enough for every CPU number. */
export const CPUMAP_BYTES = CPU_NUMBER_END / 8;

/**
 * Converts libvirt's maps (`CPUMAP_BYTES` each; the lowest bit of the first byte is CPU 0) to CPU lists. Equal maps
 * share one array: an unpinned domain on a large host would otherwise need a megabyte.
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

/** Converts a CPU list to the shortest map. */
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
