import { type Pointer, ptr, read, toArrayBuffer } from "bun:ffi";
import fs from "node:fs";
import { failure, type Result, success } from "../../base/result.ts";
import { type Errno, errnoOf } from "../errno.ts";
import { errnoName } from "../errno-name.ts";
import { libc } from "../libc.ts";

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = -1;

/** `IOCTL_PRIVCMD_HYPERCALL`: `_IOC(_IOC_NONE, 'P', 0, 48)` (include/uapi/xen/privcmd.h of Linux). */
const IOCTL_PRIVCMD_HYPERCALL = 0x30_5000;

/** Words of a `struct privcmd_hypercall`: the number of the hypercall and five arguments, 64 bits each. */
const WORDS = 6;

/** Bytes of memory for hypercalls: less than the 64 pages that the kernel allows. */
export const HYPERCALL_MEMORY_BYTES = 128 * 1024;

/** The way from dom0 to the hypervisor, and memory that both can access. */
export interface HypercallDevice {
  /** The kernel keeps it in its place, so that a hypercall can use it. */
  readonly memory: ArrayBuffer;
  /** Where the memory begins, as hypercalls see it. */
  readonly address: number;
  /** Makes a hypercall with up to two arguments. Returns its result, or the error's number negated. */
  call(number: number, first: number, second?: number): number;
  close(): void;
}

/** A file that could not be opened or mapped. */
export interface Unopened {
  readonly path: string;
  readonly errno: Errno;
}

/** Opens `/dev/xen/privcmd`, and memory from `/dev/xen/hypercall` (Linux 4.18 and later). */
export function openPrivcmd(directory = "/dev/xen"): Result<HypercallDevice, Unopened> {
  const privcmd = openFile(`${directory}/privcmd`);
  if (!privcmd.ok) return privcmd;
  const mapped = mapMemory(`${directory}/hypercall`);
  if (mapped.ok) return success(new Privcmd(privcmd.value, mapped.value));
  fs.closeSync(privcmd.value);
  return mapped;
}

/** Pages from the kernel's driver: ordinary memory may be moved while a hypercall uses it. */
function mapMemory(path: string): Result<Pointer, Unopened> {
  const file = openFile(path);
  if (!file.ok) return file;
  const errno = libc().__errno_location() as Pointer;
  const mapped = Number(
    libc().mmap(null, HYPERCALL_MEMORY_BYTES, PROT_READ_WRITE, MAP_SHARED, file.value, 0),
  );
  const error = read.i32(errno, 0);
  // The mapping stays without the descriptor.
  fs.closeSync(file.value);
  return mapped === MAP_FAILED ? failure({ path, errno: errnoName(error) }) : success(mapped as Pointer);
}

class Privcmd implements HypercallDevice {
  readonly memory: ArrayBuffer;
  readonly address: number;
  readonly #fd: number;
  readonly #mapped: Pointer;
  /** A `struct privcmd_hypercall` as halves of its words. */
  readonly #halves = new Uint32Array(WORDS * 2);
  readonly #struct = ptr(this.#halves);
  readonly #errno = libc().__errno_location() as Pointer;

  constructor(fd: number, mapped: Pointer) {
    this.#fd = fd;
    this.#mapped = mapped;
    this.address = Number(mapped);
    this.memory = toArrayBuffer(mapped, 0, HYPERCALL_MEMORY_BYTES);
  }

  call(number: number, first: number, second = 0): number {
    this.#halves[0] = number;
    this.#halves[2] = first % 2 ** 32;
    this.#halves[3] = Math.floor(first / 2 ** 32);
    this.#halves[4] = second % 2 ** 32;
    this.#halves[5] = Math.floor(second / 2 ** 32);
    const result = libc().ioctl(this.#fd, IOCTL_PRIVCMD_HYPERCALL, this.#struct);
    // Nothing may call libc between the two lines.
    return result >= 0 ? result : -read.i32(this.#errno, 0);
  }

  close(): void {
    libc().munmap(this.#mapped, HYPERCALL_MEMORY_BYTES);
    fs.closeSync(this.#fd);
  }
}

function openFile(path: string): Result<number, Unopened> {
  try {
    return success(fs.openSync(path, fs.constants.O_RDWR));
  } catch (error) {
    return failure({ path, errno: errnoOf(error) });
  }
}
