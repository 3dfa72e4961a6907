/** Channels of one VM that are served; QEMU's largest machine has more vCPUs, but no guest asks for them all. */
export const VM_CHANNELS_MAX = 1024;

/**
 * Files that can be no channel now, as they are no sockets or of no VM that the hypervisor knows: so many are shown with what is
 * wrong with them. They take no room of those that can.
 */
export const OTHERS_MAX = 1024;

/** How many channels there is room for, as they are counted anew by each look at the directory. */
export class Room {
  readonly #max: number;
  readonly #byVm = new Map<string, number>();
  #expected = 0;
  #others = 0;
  /** Files that found no room: of VMs that the hypervisor knows, and others. */
  readonly left = { expected: 0, others: 0 };

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes room for a file; false where there is none. */
  take(vm: string, isExpected: boolean): boolean {
    if (!isExpected) {
      if (this.#others < OTHERS_MAX) return ++this.#others > 0;
      this.left.others++;
      return false;
    }
    const own = this.#byVm.get(vm) ?? 0;
    if (this.#expected >= this.#max || own >= VM_CHANNELS_MAX) {
      this.left.expected++;
      return false;
    }
    this.#expected++;
    this.#byVm.set(vm, own + 1);
    return true;
  }
}
