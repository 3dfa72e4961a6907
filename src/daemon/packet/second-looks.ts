/** Shortest time in ms between two looks at a VM because its guest asked for a vCPU that is offline. */
export const SECOND_LOOK_MS = 10_000;

/** The most VMs that are remembered. Names come from the hypervisor, so a guest cannot fill the table. */
const VMS_MAX = 10_000;

/**
 * libvirt sends no event when a vCPU is added, so the first sign may be a request of the guest for it. That request is
 * refused, and the VM is looked at again, so that the next one finds the vCPU. The interval bounds how often a guest
 * can cause that.
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
