import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

/** Bytes of a mask: more CPUs than any kernel can have. */
const MASK_BYTES = 1024;

const WORD_BITS = 32;

/** The kernel's answer; written by each call, and read in the same turn. */
const mask = new Uint8Array(MASK_BYTES);
const words = new Uint32Array(mask.buffer);

/**
 * The CPUs that the kernel lets a thread run on, in ascending order: those that it was given, as far as its cpuset has
 * them (sched_getaffinity(2)). Undefined if the thread has ended.
 */
export function affinityOf(tid: number): readonly number[] | undefined {
  if (libc().sched_getaffinity(tid, MASK_BYTES, ptr(mask)) !== 0) return undefined;
  const cpus: number[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as number;
    for (let bit = 0; bit < WORD_BITS && word >>> bit !== 0; bit++)
      if ((word >>> bit) & 1) cpus.push(index * WORD_BITS + bit);
  }
  return cpus;
}
