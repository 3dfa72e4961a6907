import { DOMAIN_CHANNELS_MAX } from "../base/domain.ts";

/**
 * The most other files that are kept: files that are no sockets, or whose VM the hypervisor does not know. They are
 * listed with the reason why they are not served. They are counted apart, so that they cannot displace channels of
 * known VMs.
 */
export const OTHERS_MAX = 1024;

/** Counts channels against the limits. Each scan starts with a new one. */
export class Room {
  readonly #max: number;
  readonly #byVm = new Map<string, number>();
  #expected = 0;
  #others = 0;
  /** Files beyond the limits: those of VMs that the hypervisor knows, and others. */
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
    if (this.#expected >= this.#max || own >= DOMAIN_CHANNELS_MAX) {
      this.left.expected++;
      return false;
    }
    this.#expected++;
    this.#byVm.set(vm, own + 1);
    return true;
  }

  /** A channel that was counted as one of a known VM is no longer served. */
  giveBack(vm: string): void {
    this.#expected--;
    const own = (this.#byVm.get(vm) ?? 1) - 1;
    if (own > 0) this.#byVm.set(vm, own);
    else this.#byVm.delete(vm);
  }
}
