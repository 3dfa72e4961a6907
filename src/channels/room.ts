/** Channels of one VM that are served; QEMU's largest machine has more vCPUs, but no guest asks for them all. */
export const VM_CHANNELS_MAX = 1024;

/**
 * Files that are not sockets, or whose VM the hypervisor does not know. So many are shown, with the reason why they are not
 * served. They are counted apart, so that they cannot displace channels of known VMs.
 */
export const OTHERS_MAX = 1024;

/** Counts channels against the limits; made anew for each scan of the directory. */
export class Room {
  readonly #max: number;
  readonly #byVm = new Map<string, number>();
  #expected = 0;
  #others = 0;
  /** Files beyond the limits: of VMs that the hypervisor knows, and others. */
  readonly left = { expected: 0, others: 0 };

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a file; false if it is beyond a limit. */
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
