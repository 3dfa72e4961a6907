/** At most so often a VM is looked at again because its guest asked for a vCPU that is offline. */
export const SECOND_LOOK_MS = 10_000;

/** VMs remembered; names come from the hypervisor, so this is no guest's to fill. */
const VMS_MAX = 10_000;

/**
 * libvirt makes no event of a vCPU that is plugged in, so the first to tell of it may be the guest that uses it. Its
 * request is refused, nobody waits, and the VM is looked at again: the next one meets what is true. However much a
 * guest asks, the hypervisor is asked once in a while.
 */
export class SecondLooks {
  readonly #look: (vm: string) => void;
  readonly #lastMs = new Map<string, number>();

  constructor(look: (vm: string) => void) {
    this.#look = look;
  }

  /** A request of the VM's guest was refused because its vCPU is offline. */
  offline(vm: string, nowMs: number): void {
    const lastMs = this.#lastMs.get(vm);
    // A clock that was set back does not count as a wait.
    if (lastMs !== undefined && nowMs >= lastMs && nowMs - lastMs < SECOND_LOOK_MS) return;
    if (this.#lastMs.size >= VMS_MAX) this.#lastMs.clear();
    this.#lastMs.set(vm, nowMs);
    this.#look(vm);
  }
}
