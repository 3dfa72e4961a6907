import { BUCKETS, Histogram, quantileNs } from "../../base/histogram.ts";

/** vCPUs of a VM that are counted apart; what QEMU's largest machine has. */
const VCPUS_MAX = 4096;
const VCPUS_FIRST = 8;

/** What is measured of one VM. */
export class Meter {
  /** From a packet's frame to the written answer. */
  readonly latency = new Histogram();
  #requests = new Float64Array(VCPUS_FIRST);
  /** What the histogram said at the beat before, and at the one before that. */
  #marks = [new Float64Array(BUCKETS), new Float64Array(BUCKETS)];

  /** A vCPU asked for something. */
  asked(vcpu: number): void {
    if (vcpu >= this.#requests.length) {
      if (vcpu >= VCPUS_MAX) return;
      const more = new Float64Array(Math.min(VCPUS_MAX, 2 ** Math.ceil(Math.log2(vcpu + 1))));
      more.set(this.#requests);
      this.#requests = more;
    }
    this.#requests[vcpu] = (this.#requests[vcpu] as number) + 1;
  }

  /** Requests of a vCPU since the VM was first heard. */
  requestsOf(vcpu: number): number {
    return this.#requests[vcpu] ?? 0;
  }

  /** What 99 of 100 packets took less than, lately: over one to two beats. */
  p99Ns(): number | undefined {
    const [, before] = this.#marks;
    return quantileNs(
      this.latency.counts.map((count, bucket) => count - (before?.[bucket] ?? 0)),
      0.99,
    );
  }

  beat(): void {
    const [last = new Float64Array(BUCKETS), oldest = new Float64Array(BUCKETS)] = this.#marks;
    oldest.set(this.latency.counts);
    this.#marks = [oldest, last];
  }
}

/** What is measured, by VM; a VM costs something once it spoke. */
export class Meters {
  readonly #meters = new Map<string, Meter>();

  of(vm: string): Meter {
    let meter = this.#meters.get(vm);
    if (meter === undefined) {
      meter = new Meter();
      this.#meters.set(vm, meter);
    }
    return meter;
  }

  /** By VM that was ever heard. */
  get all(): ReadonlyMap<string, Meter> {
    return this.#meters;
  }

  /** Time went on; those that nobody needs are forgotten. */
  beat(isKnown: (vm: string) => boolean): void {
    for (const [vm, meter] of this.#meters) {
      if (isKnown(vm)) meter.beat();
      else this.#meters.delete(vm);
    }
  }
}
