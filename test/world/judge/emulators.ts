import type { Vm } from "../players/vm.ts";
import type { Wishes } from "./schedules.ts";
import type { Table } from "./steps.ts";

// What follows from where emulators run, written down from vm-power.conf(5), "EmulatorMinKhz" and "Parked".

/** Whether a CPU is one of those that are looked at. */
export type IsThere = (cpu: number) => boolean;

/** Where the emulator of a VM may run, as far as the daemon may know. */
interface Emulator {
  readonly vm: Vm;
  places: readonly (readonly number[])[];
  /** Whether the daemon must know that. */
  isSettled: boolean;
}

const NO_FLOOR: Wishes = new Set([undefined]);

/** The emulators of all VMs. */
export class Emulators {
  readonly #by = new Map<string, Emulator>();
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** What the daemon knows of a VM may differ from the truth from now on. */
  unsettle(vm: Vm): void {
    const places = this.#by.get(vm.name)?.places ?? [];
    const isKnown = places.includes(vm.emulator);
    this.#by.set(vm.name, { vm, places: isKnown ? places : [...places, vm.emulator], isSettled: false });
  }

  settle(): void {
    for (const emulator of this.#by.values()) {
      emulator.places = emulator.vm.state === "off" ? [] : [emulator.vm.emulator];
      emulator.isSettled = true;
    }
  }

  /** No VM runs any more, and no daemon. */
  clear(): void {
    this.#by.clear();
  }

  /** Whether one may be there, or with `surely` must be. */
  anyAt(isThere: IsThere, { surely }: { readonly surely: boolean }): boolean {
    for (const { places, isSettled } of this.#by.values())
      if ((isSettled || !surely) && places.some((cpus) => cpus.some(isThere))) return true;
    return false;
  }

  /** The entries below which a clock may not be set; undefined is no floor. */
  floors(isThere: IsThere): Wishes {
    let floors = NO_FLOOR;
    for (const { vm, places, isSettled } of this.#by.values()) {
      const { emulatorMinKhz } = vm.contract;
      if (emulatorMinKhz === undefined || (isSettled && vm.state !== "running")) continue;
      if (!places.some((cpus) => cpus.some(isThere))) continue;
      const own = this.#indexOf(emulatorMinKhz);
      const lifted = [...floors].map((index) => Math.min(own, index ?? own));
      floors = new Set(isSettled ? lifted : [...floors, ...lifted]);
    }
    return floors;
  }

  #indexOf(minKhz: number): number {
    const lowest = this.#table.khz.findLastIndex((khz) => khz >= minKhz);
    return Math.max(0, lowest);
  }
}
