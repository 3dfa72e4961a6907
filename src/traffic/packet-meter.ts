/**
 * Tells how many packets the network interface of a VM with this MAC address has received since some time in the past;
 * undefined if there is no such interface, or the number cannot be had now.
 */
export type PacketSource = (vm: string, mac: string) => Promise<number | undefined>;

/** Whose traffic is to be measured. */
export interface Measured {
  /** Names it in the result. */
  readonly id: number;
  readonly vm: string;
  readonly macs: readonly string[];
}

/** Interfaces that are looked at in one round; more wait for the next one. */
const INTERFACES_MAX = 256;

/** A counter at a time in ms. */
interface Reading {
  readonly packets: number;
  readonly atMs: number;
}

/** Measures how many packets per second interfaces of VMs receive, by counters of the first source that has them. */
export class PacketMeter {
  readonly #sources: readonly PacketSource[];
  readonly #nowMs: () => number;
  #readings = new Map<string, Reading>();
  #begin = 0;

  /** `nowMs` is the monotonic clock. */
  constructor(sources: readonly PacketSource[], nowMs: () => number) {
    this.#sources = sources;
    this.#nowMs = nowMs;
  }

  /**
   * Reads the counters once, one after the other. Returns the packets per second by id, undefined if no interface was
   * found; an id is left out if there is nothing to compare with yet.
   */
  async measure(wanted: readonly Measured[]): Promise<Map<number, number | undefined>> {
    const rates = new Map<number, number | undefined>();
    const readings = new Map<string, Reading>();
    const { now, later } = this.#turn(wanted);
    for (const { id, vm, macs } of now) {
      const rate = await this.#rateOf(vm, macs, readings);
      if (rate !== "unknown yet") rates.set(id, rate);
    }
    for (const { vm, macs } of later)
      for (const key of macs.map((mac) => keyOf(vm, mac))) {
        const before = this.#readings.get(key);
        if (before !== undefined) readings.set(key, before);
      }
    this.#readings = readings;
    return rates;
  }

  /** Divides what is wanted into this round and later ones. Each round begins where the one before ended. */
  #turn(wanted: readonly Measured[]) {
    const begin = this.#begin < wanted.length ? this.#begin : 0;
    const order = [...wanted.slice(begin), ...wanted.slice(0, begin)];
    let interfaces = 0;
    const tooMany = order.findIndex(({ macs }) => {
      interfaces += macs.length;
      return interfaces > INTERFACES_MAX;
    });
    const taken = tooMany < 0 ? order.length : tooMany;
    this.#begin = tooMany < 0 ? 0 : (begin + taken) % order.length;
    return { now: order.slice(0, taken), later: order.slice(taken) };
  }

  /** Forgets all counters, because nothing is measured any more. */
  forget(): void {
    this.#readings.clear();
  }

  async #rateOf(
    vm: string,
    macs: readonly string[],
    readings: Map<string, Reading>,
  ): Promise<number | undefined | "unknown yet"> {
    let sum = 0;
    let found = 0;
    let compared = 0;
    for (const mac of macs) {
      const packets = await this.#packetsOf(vm, mac);
      if (packets === undefined) continue;
      found++;
      const key = keyOf(vm, mac);
      const now = { packets, atMs: this.#nowMs() };
      readings.set(key, now);
      const before = this.#readings.get(key);
      // A counter that went back is that of another interface.
      if (before === undefined || packets < before.packets || now.atMs <= before.atMs) continue;
      compared++;
      sum += ((packets - before.packets) * 1000) / (now.atMs - before.atMs);
    }
    if (found === 0) return undefined;
    return compared < found ? "unknown yet" : sum;
  }

  async #packetsOf(vm: string, mac: string): Promise<number | undefined> {
    for (const source of this.#sources) {
      const packets = await source(vm, mac);
      if (packets !== undefined && Number.isFinite(packets) && packets >= 0) return packets;
    }
    return undefined;
  }
}

function keyOf(vm: string, mac: string): string {
  return `${mac} ${vm}`;
}
