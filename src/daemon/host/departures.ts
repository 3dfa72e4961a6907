import type { Alarm } from "../alarm.ts";

/** Wait before a guest without connected channels counts as gone, in ms: QEMU may drop and reopen a socket. */
const GRACE_MS = 1000;

/** Notices when the guest of a VM has left: all its channels are closed and stay closed. */
export class Departures {
  readonly #alarm: Alarm;
  readonly #left: (vm: string) => void;
  /** VMs without a connected channel. */
  readonly #waiting = new Set<string>();

  constructor(alarm: Alarm, left: (vm: string) => void) {
    this.#alarm = alarm;
    this.#left = left;
  }

  /** A channel of the VM was connected or lost. */
  changed(vm: string, connected: boolean): void {
    if (connected) {
      if (this.#waiting.delete(vm)) this.#alarm.cancel(alarmOf(vm));
    } else if (!this.#waiting.has(vm)) {
      this.#waiting.add(vm);
      this.#alarm.after(alarmOf(vm), GRACE_MS, () => {
        this.#waiting.delete(vm);
        this.#left(vm);
      });
    }
  }
}

function alarmOf(vm: string): string {
  return `departure of ${vm}`;
}
