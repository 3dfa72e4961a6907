import type { HypercallDevice } from "../../src/os/xen/privcmd.ts";
import recorded from "./xen-4.17.json";

/** Bytes of the structure of a call that tell which call it is: command, version and the parameters that matter. */
const KEY_BYTES: Readonly<Record<string, number>> = {
  // Physical information, and the topology, whose array may be longer.
  "35:03": 8,
  "35:10": 8,
  // A list of domains, which may ask for more.
  "35:06": 12,
  // cpufreq: the CPU and the sizes of the arrays.
  "35:0c": 28,
  "35:12": 16,
  // A vCPU, and its affinity.
  "36:0e": 20,
  "36:19": 24,
};

const MEMORY_BYTES = 128 * 1024;
const STRUCT_BYTES = 144;
const DATA_AT = 4096;

/**
 * Answers hypercalls with the bytes with which Xen 4.17.7 of Debian 12 answered them on the lab's host: two CPUs, booted with
 * `cpufreq=xen:userspace`, and dom0 alone. What was not asked then is refused with ENOSYS.
 */
export class RecordedXen implements HypercallDevice {
  readonly memory = new ArrayBuffer(MEMORY_BYTES);
  readonly address = recorded.address;
  readonly #struct = new Uint8Array(this.memory, 0, STRUCT_BYTES);

  call(number: number): number {
    const found = recorded.calls.find(
      ({ hypercall, request }) => hypercall === number && this.#isRequest(number, request),
    );
    if (found === undefined) return -38;
    this.#struct.fill(0);
    this.#struct.set(Buffer.from(found.answer, "hex"));
    for (const { at, bytes, length } of found.data) {
      const data = new Uint8Array(this.memory, DATA_AT + at, length);
      data.fill(0);
      data.set(Buffer.from(bytes, "hex"));
    }
    return found.result;
  }

  #isRequest(number: number, request: string): boolean {
    const key = KEY_BYTES[`${number}:${request.slice(0, 2)}`] ?? 0;
    const bytes = Buffer.from(request.padEnd(2 * STRUCT_BYTES, "0"), "hex").subarray(0, key);
    return bytes.equals(this.#struct.subarray(0, key));
  }

  close(): void {}
}
