import { BUCKETS, Histogram, quantileNs } from "../../base/histogram.ts";

/** The most vCPUs of a VM with a counter of their own, as in QEMU's largest machine. */
const VCPUS_MAX = 4096;
const VCPUS_FIRST = 8;

/** Where the time of measured requests went, in ms altogether. */
export interface Stages {
  measured: number;
  /** From the first bytes of the turn to the last decision. */
  decideMs: number;
  /** Until the kernel had answered. */
  writeMs: number;
  /** Until the replies were written. */
  replyMs: number;
  /** How often it was measured until the kernel's files were read again, after the reply, and that time. */
  readBacks: number;
  readBackMs: number;
}

/** The measurements of one VM. */
export class Meter {
  /** Durations from the first bytes of a packet's turn to the written replies. */
  readonly latency = new Histogram();
  /** Of requests that were decided and written at once. */
  readonly stages: Stages = {
    ...{ measured: 0, decideMs: 0, writeMs: 0, replyMs: 0 },
    ...{ readBacks: 0, readBackMs: 0 },
  };
  #requests = new Float64Array(VCPUS_FIRST);
  /** The counts of the histogram at the last two heartbeats. */
  #marks = [new Float64Array(BUCKETS), new Float64Array(BUCKETS)];

  /** Counts a request of a vCPU. */
  asked(vcpu: number): void {
    if (vcpu >= this.#requests.length) {
      if (vcpu >= VCPUS_MAX) return;
      const more = new Float64Array(Math.min(VCPUS_MAX, 2 ** Math.ceil(Math.log2(vcpu + 1))));
      more.set(this.#requests);
      this.#requests = more;
    }
    this.#requests[vcpu] = (this.#requests[vcpu] as number) + 1;
  }

  /** The number of requests of a vCPU since the VM's first packet. */
  requestsOf(vcpu: number): number {
    return this.#requests[vcpu] ?? 0;
  }

  /** The time in which 99 of 100 recent packets were handled, over one to two heartbeats. */
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

/** The measurements by VM; they are made at a VM's first packet. */
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

  /** All VMs that ever sent a packet. */
  get all(): ReadonlyMap<string, Meter> {
    return this.#meters;
  }

  /** Handles a heartbeat: forgets VMs that do not exist any more. */
  beat(isKnown: (vm: string) => boolean): void {
    for (const [vm, meter] of this.#meters) {
      if (isKnown(vm)) meter.beat();
      else this.#meters.delete(vm);
    }
  }
}
