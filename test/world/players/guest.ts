import { joined } from "../../hypervisor/fake-bytes.ts";
import type { Rule } from "../judge/rules.ts";
import type { Disk } from "../machine/disk.ts";
import type { Random } from "../machine/random.ts";
import { type End, ListeningSocket } from "../machine/sockets.ts";
import type { Timeline } from "../machine/timeline.ts";
import { CHANNEL_DIRECTORY, type Vm } from "./vm.ts";

/** Sizes of packets: what DPDK's releases send. Only the last two read answers. */
export type Era = 16 | 456 | 460 | 464;
export const ERAS: readonly Era[] = [16, 456, 460, 464];

/** What a guest asks for, by the numbers of the wire. */
export const ACTIONS = ["up", "down", "max", "min", "turbo", "no-turbo"] as const;
export type Action = (typeof ACTIONS)[number];

/** How a guest behaves. */
export const MOODS = ["polite", "flooding", "garbage", "halves", "deaf", "policies"] as const;
export type Mood = (typeof MOODS)[number];

/** The user that QEMU runs as. */
export const QEMU_UID = 64055;

/** A guest that reads no answers waits so long before it asks again: until then it is not certain what it got. */
const UNANSWERED_MS = 60;

const ACK = 1;
const NACK = 2;

/** A guest policy, and the vCPUs that it is for. */
export interface PolicyAsked {
  readonly vcpus: readonly number[];
  readonly rule: Rule;
}

/** A request that was sent and not answered yet. */
export interface Asked {
  readonly vcpu: number;
  readonly action: Action | undefined;
  readonly policy?: PolicyAsked;
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** What guests tell the judge. */
export interface GuestWitness {
  /** A request is on its way. */
  sent(guest: Guest, asked: Asked): void;
  /** Bytes are on their way that may be anything. */
  noise(): void;
  /** It was answered. */
  answered(guest: Guest, asked: Asked, accepted: boolean): void;
  /** An answer came that is none. */
  wrong(guest: Guest, why: string): void;
  /** Requests will not be answered any more, because their connection ended. */
  lost(guest: Guest, asked: readonly Asked[]): void;
}

/** One channel: the socket that QEMU serves, and the host's end while the daemon is connected. */
export class Port {
  readonly listening: ListeningSocket;
  end: End | undefined;
  asked: Asked[] = [];
  /** When it was asked last, by a guest that reads no answers. */
  askedMs = Number.NEGATIVE_INFINITY;
  received: Uint8Array = new Uint8Array();

  constructor(listening: ListeningSocket) {
    this.listening = listening;
  }
}

interface GuestMeans {
  readonly timeline: Timeline;
  readonly disk: Disk;
  readonly random: Random;
  readonly witness: GuestWitness;
}

/** The software in one run of a VM, and its QEMU. */
export class Guest {
  readonly vm: Vm;
  readonly era: Era;
  readonly mood: Mood;
  readonly ports: Port[] = [];
  readonly means: GuestMeans;
  isRunning = true;

  constructor(vm: Vm, { era, mood }: { era: Era; mood: Mood }, means: GuestMeans) {
    this.vm = vm;
    this.era = era;
    this.mood = mood;
    this.means = means;
    vm.pins.forEach((_, number) => {
      this.ports.push(this.#serve(number));
    });
  }

  /** Whether its requests are answered. */
  get reads(): boolean {
    return this.era >= 460;
  }

  /** Whether what it sent tells what it wants. */
  get isPlain(): boolean {
    return this.mood === "polite";
  }

  /** QEMU ends. */
  end(): void {
    this.isRunning = false;
    const directory = this.means.disk.directoryAt(CHANNEL_DIRECTORY, "unlink");
    this.ports.forEach((port, number) => {
      port.listening.close();
      this.#disconnected(port);
      this.means.disk.remove(directory, `${this.vm.name}.${number}`);
    });
  }

  /** QEMU drops a connection, and goes on listening. */
  hangUp(number: number): void {
    const port = this.ports[number];
    if (port !== undefined) this.#disconnected(port);
  }

  /** Sends a request on the channel of a vCPU. False if the daemon is not connected. */
  ask(vcpu: number, action: Action, { on = vcpu }: { on?: number } = {}): boolean {
    const bytes = new Uint8Array(this.era);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, vcpu, true);
    view.setUint32(8, ACTIONS.indexOf(action) + 1, true);
    view.setUint32(12, 1, true);
    return this.#request(on, { vcpu, action, bytes, atMs: this.means.timeline.nowMs });
  }

  /** Sends a policy, and follows it: only by a guest that reads the answer. */
  leave(on: number, policy: PolicyAsked): boolean {
    const bytes = policyBytes(this.era, policy);
    return this.#request(on, { vcpu: on, action: undefined, policy, bytes, atMs: this.means.timeline.nowMs });
  }

  /** Sends bytes that are not a request that can be followed. */
  raw(number: number, bytes: Uint8Array): void {
    this.means.witness.noise();
    this.ports[number]?.end?.write(bytes);
  }

  #request(number: number, asked: Asked): boolean {
    const port = this.ports[number];
    if (port?.end === undefined || asked.atMs - port.askedMs < UNANSWERED_MS) return false;
    if (port.end.write(asked.bytes) !== asked.bytes.length) return false;
    if (this.reads) port.asked.push(asked);
    else port.askedMs = asked.atMs;
    this.means.witness.sent(this, asked);
    return true;
  }

  #serve(number: number): Port {
    const { disk, timeline } = this.means;
    const listening = new ListeningSocket(timeline, { pid: 1000 + this.vm.id, uid: QEMU_UID, gid: 1 }, 1);
    const port = new Port(listening);
    const directory = disk.mkdir(CHANNEL_DIRECTORY);
    directory.uid = QEMU_UID;
    const file = disk.socket(0o755, listening);
    file.uid = QEMU_UID;
    disk.put(directory, `${this.vm.name}.${number}`, file);
    listening.accept = (end) => this.#connected(port, end);
    return port;
  }

  #connected(port: Port, end: End): void {
    this.#disconnected(port);
    port.end = end;
    port.received = new Uint8Array();
    end.other.label = this.vm.name;
    end.handlers = {
      data: (bytes) => this.#heard(port, bytes),
      closed: () => {
        if (port.end === end) this.#disconnected(port);
      },
    };
    if (this.mood === "deaf") end.pause();
  }

  #disconnected(port: Port): void {
    port.end?.close();
    port.end = undefined;
    const lost = port.asked;
    port.asked = [];
    if (lost.length > 0) this.means.witness.lost(this, lost);
  }

  /** Every answer is the oldest request that has none, with another command. */
  #heard(port: Port, bytes: Uint8Array): void {
    const { witness } = this.means;
    if (!this.isPlain) {
      port.asked = [];
      return;
    }
    if (!this.reads) return witness.wrong(this, `it was sent ${bytes.length} bytes, and reads none`);
    const all = joined([port.received, bytes]);
    let at = 0;
    for (; all.length - at >= this.era; at += this.era) {
      const answer = all.subarray(at, at + this.era);
      const asked = port.asked.shift();
      if (asked === undefined) return witness.wrong(this, "it was answered what it had not asked");
      const command = new DataView(answer.buffer, answer.byteOffset).getUint32(12, true);
      const isSame = [
        [0, 12],
        [16, this.era],
      ].every(
        ([from, to]) => Buffer.compare(answer.subarray(from, to), asked.bytes.subarray(from, to)) === 0,
      );
      if (!isSame || (command !== ACK && command !== NACK))
        return witness.wrong(this, `the answer to "${asked.action ?? "a policy"}" is another packet`);
      witness.answered(this, asked, command === ACK);
    }
    port.received = all.slice(at);
  }
}

/** A packet with a policy, by vm-power-protocol(7), "PACKETS": unused slots of hours hold -1. */
function policyBytes(era: Era, { vcpus, rule }: PolicyAsked): Uint8Array {
  const bytes = new Uint8Array(era);
  const view = new DataView(bytes.buffer);
  const tail = era === 456 ? 444 : 448;
  view.setUint32(12, 3, true);
  bytes.set(vcpus, 144);
  bytes[152] = vcpus.length;
  for (let hour = 0; hour < 24; hour++) {
    view.setInt32(156 + 4 * hour, rule.kind === "time" && rule.busy.has(hour) ? hour : -1, true);
    view.setInt32(252 + 4 * hour, rule.kind === "time" && rule.quiet.has(hour) ? hour : -1, true);
    view.setInt32(348 + 4 * hour, -1, true);
  }
  if (rule.kind === "workload") view.setUint32(tail, ["high", "medium", "low"].indexOf(rule.level), true);
  view.setUint32(tail + 4, rule.kind === "time" ? 1 : 2, true);
  return bytes;
}
