import type { Alarm } from "../alarm.ts";

/** Wait before a guest without connected channels counts as gone, in ms: QEMU may drop and reopen a socket. */
const GRACE_MS = 1000;

/** Notices when the guest of a VM has left: all its channels are closed and stay closed. */
export class Departures {
  readonly #alarm: Alarm;
  readonly #left: (vm: string) => void;

  constructor(alarm: Alarm, left: (vm: string) => void) {
    this.#alarm = alarm;
    this.#left = left;
  }

  /** A channel of the VM was connected or lost. */
  changed(vm: string, connected: boolean): void {
    const name = `departure of ${vm}`;
    if (connected) this.#alarm.cancel(name);
    else if (!this.#alarm.has(name)) this.#alarm.after(name, GRACE_MS, () => this.#left(vm));
  }
}
