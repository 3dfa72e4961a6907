/** A guest whose channels all closed gets so long to come back, as when its QEMU drops and reopens a socket. */
const GRACE_MS = 1000;

/** Notices when a VM's guest has left: all its channels are closed, and stay so. */
export class Departures {
  readonly #left: (vm: string) => void;
  readonly #leaving = new Map<string, Timer>();

  constructor(left: (vm: string) => void) {
    this.#left = left;
  }

  /** A channel of the VM was connected or lost. */
  changed(vm: string, connected: boolean): void {
    const leaving = this.#leaving.get(vm);
    if (connected) {
      clearTimeout(leaving);
      this.#leaving.delete(vm);
    } else if (leaving === undefined) {
      const timer = setTimeout(() => {
        this.#leaving.delete(vm);
        this.#left(vm);
      }, GRACE_MS);
      this.#leaving.set(vm, timer);
    }
  }

  close(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }
}
