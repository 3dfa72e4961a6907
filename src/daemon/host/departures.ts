import type { Alarm } from "../alarm.ts";

/** A guest whose channels all closed gets so long to come back, as when its QEMU drops and reopens a socket. */
const GRACE_MS = 1000;

/** Notices when a VM's guest has left: all its channels are closed, and stay so. */
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
