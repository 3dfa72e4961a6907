import type { Vm } from "../players/vm.ts";
import { ABSENT, Claim, SILENT } from "./claim.ts";

/** The claims of all VMs, also of runs that the daemon may not know to be over. */
export class Claims {
  readonly #all = new Map<string, Claim>();
  readonly #clockOf: (cpu: number) => number;
  /** By the clocks on which they may be, until that changes. */
  #on: Map<number, Claim[]> | undefined;

  constructor(clockOf: (cpu: number) => number) {
    this.#clockOf = clockOf;
  }

  /** A run of a VM begins. The daemon may take it for an earlier one for a while, and scale its CPUs. */
  begin(vm: Vm, isWild: boolean): void {
    this.#on = undefined;
    const earlier = this.of(vm);
    for (const claim of earlier) claim.add(ABSENT, SILENT);
    for (const vcpu of vm.pins.keys()) {
      const claim = new Claim(vm, vcpu, isWild);
      const before = earlier.filter((one) => one.vcpu === vcpu).flatMap(({ places }) => places);
      claim.places = [...new Set([...claim.places, ...before])];
      this.#all.set(keyOf(vm, vcpu), claim);
    }
  }

  clear(): void {
    this.#all.clear();
    this.#on = undefined;
  }

  /** Forgets those of runs that are over. */
  dropEnded(): void {
    for (const [key, { vm, run }] of this.#all) {
      if (vm.id === run && vm.state !== "off") continue;
      this.#all.delete(key);
      this.#on = undefined;
    }
  }

  all(): Iterable<Claim> {
    return this.#all.values();
  }

  of(vm: Vm): Claim[] {
    const claims: Claim[] = [];
    for (const claim of this.#all.values()) if (claim.vm === vm) claims.push(claim);
    return claims;
  }

  /** That of the present run. */
  get(vm: Vm, vcpu: number): Claim | undefined {
    return this.#all.get(keyOf(vm, vcpu));
  }

  place(claim: Claim, places: Claim["places"]): void {
    claim.places = places;
    this.#on = undefined;
  }

  /** Those that may be on a clock. */
  on(clock: number): readonly Claim[] {
    if (this.#on === undefined) {
      this.#on = new Map();
      for (const claim of this.#all.values())
        for (const one of new Set(claim.places.flat().map(this.#clockOf))) {
          const there = this.#on.get(one);
          if (there === undefined) this.#on.set(one, [claim]);
          else there.push(claim);
        }
    }
    return this.#on.get(clock) ?? [];
  }
}

function keyOf({ name, id }: Vm, vcpu: number): string {
  return `${name} ${id} ${vcpu}`;
}
