import {
  errorBody,
  i32,
  joined,
  listBody,
  message,
  refBytes,
  text,
  u32,
} from "../../hypervisor/fake-bytes.ts";
import type { Disk } from "../machine/disk.ts";
import type { Random } from "../machine/random.ts";
import { type End, ListeningSocket } from "../machine/sockets.ts";
import type { Timeline } from "../machine/timeline.ts";
import { stateNumber, type Vm, xmlOf } from "./vm.ts";

const PROGRAM = 0x20008086;
const OWNER = { pid: 2, uid: 0, gid: 0 };
const SOCKET = "/run/libvirt/virtqemud-sock-ro";
const MAP_BYTES = 1024;

/** The calls that the daemon makes, by number. */
const AUTH_LIST = 66;
const LIST = 273;
const REGISTER = 316;
const STATE = 212;
const XML = 14;
const PINS = 230;
const VCPUS = 20;
/** Refused, as a libvirt does that has none. */
const STATISTICS = 344;

/** How libvirtd behaves at present. */
export interface Manners {
  /** Longest delay of an answer, in ms. With long ones, answers come out of order. */
  delayMs: number;
  /** The share of calls that are answered with an error, or in the middle of whose answer it hangs up. */
  errors: number;
  hangUps: number;
}

export const GOOD_MANNERS: Readonly<Manners> = { delayMs: 1, errors: 0, hangUps: 0 };

interface Client {
  readonly end: End;
  received: Uint8Array;
}

/** A libvirtd that speaks libvirt's RPC, byte by byte. */
export class Libvirtd {
  manners: Manners = { ...GOOD_MANNERS };
  readonly vms: ReadonlyMap<string, Vm>;
  readonly struck = { late: 0, error: 0, hangUp: 0, frozen: 0 };
  readonly #clients = new Set<Client>();
  readonly #timeline: Timeline;
  readonly #disk: Disk;
  readonly #random: Random;
  #listening: ListeningSocket | undefined;
  #frozen: (() => void)[] | undefined;

  constructor(
    vms: ReadonlyMap<string, Vm>,
    { timeline, disk, random }: { timeline: Timeline; disk: Disk; random: Random },
  ) {
    this.vms = vms;
    this.#timeline = timeline;
    this.#disk = disk;
    this.#random = random;
    disk.mkdir("/run/libvirt");
  }

  get isUp(): boolean {
    return this.#listening !== undefined;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  start(): void {
    if (this.isUp) return;
    const listening = new ListeningSocket(this.#timeline, OWNER);
    listening.accept = (end) => {
      const client: Client = { end, received: new Uint8Array() };
      this.#clients.add(client);
      end.handlers = {
        data: (bytes) => this.#received(client, bytes),
        closed: () => this.#clients.delete(client),
      };
    };
    this.#listening = listening;
    const { directory, name } = this.#disk.parent(SOCKET, "bind");
    this.#disk.put(directory, name, this.#disk.socket(0o777, listening));
  }

  stop(): void {
    const { directory, name } = this.#disk.parent(SOCKET, "unlink");
    this.#disk.remove(directory, name);
    this.#listening?.close();
    this.#listening = undefined;
    for (const { end } of this.#clients) end.close();
    this.#clients.clear();
    this.#frozen = undefined;
  }

  /** Stops answering, and says nothing until it goes on. */
  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const held = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const go of held) go();
  }

  /** Sends a lifecycle event to every client. */
  lifecycle(vm: Vm, event: number, detail: number): void {
    this.#tell(318, vm, i32(event), i32(detail));
  }

  /** Tells every client that something about a VM was changed: its pins (346), a device (354), a reboot (319). */
  changed(vm: Vm, procedure: 319 | 346 | 354): void {
    this.#tell(procedure, vm);
  }

  #tell(procedure: number, vm: Vm, ...more: Uint8Array[]): void {
    const bytes = message(PROGRAM, procedure, 2, 1, 0, u32(0), refBytes(vm), ...more);
    this.#later(0.2, () => {
      for (const { end } of this.#clients) end.write(bytes);
    });
  }

  #received(client: Client, bytes: Uint8Array): void {
    client.received = joined([client.received, bytes]);
    for (;;) {
      const have = client.received;
      if (have.length < 4) return;
      const length = numberAt(have, 0);
      if (have.length < length) return;
      client.received = have.subarray(length);
      const program = numberAt(have, 4);
      if (program === PROGRAM)
        this.#call(client, numberAt(have, 12), numberAt(have, 20), have.slice(28, length));
      else this.#later(0, () => client.end.write(message(program, 2, 2, 0, 0)));
    }
  }

  #call(client: Client, procedure: number, serial: number, args: Uint8Array): void {
    const { delayMs, errors, hangUps } = this.manners;
    if (delayMs > GOOD_MANNERS.delayMs) this.struck.late++;
    const fails = errors > 0 && this.#random.chance(errors);
    const hangsUp = hangUps > 0 && this.#random.chance(hangUps);
    this.#later(this.#random.float() * delayMs, () => {
      // The answer is made when it is sent, so that it is true then.
      const body = fails ? undefined : this.#answer(procedure, args);
      if (fails) this.struck.error++;
      const refused = () => errorBody(fails ? 38 : 42, fails ? "internal error" : "Domain not found");
      const bytes = message(PROGRAM, procedure, 1, serial, body === undefined ? 1 : 0, body ?? refused());
      if (!hangsUp) {
        client.end.write(bytes);
        return;
      }
      this.struck.hangUp++;
      client.end.write(bytes.subarray(0, bytes.length >> 1));
      client.end.close();
      this.#clients.delete(client);
    });
  }

  #later(delayMs: number, run: () => void): void {
    this.#timeline.after(delayMs, () => {
      if (this.#frozen === undefined) run();
      else {
        this.struck.frozen++;
        this.#frozen.push(run);
      }
    });
  }

  /** Undefined if there is no such domain. */
  #answer(procedure: number, args: Uint8Array): Uint8Array | undefined {
    switch (procedure) {
      case AUTH_LIST:
        return joined([u32(1), u32(0)]);
      case LIST:
        return listBody([...this.vms.values()].filter(({ state }) => state !== "off"));
      case REGISTER:
        return u32(0);
      case STATE:
      case XML:
      case PINS:
      case VCPUS:
        return this.#about(procedure, args);
      case STATISTICS:
        return undefined;
      default:
        return new Uint8Array();
    }
  }

  #about(procedure: number, args: Uint8Array): Uint8Array | undefined {
    const vm = this.#named(args);
    if (vm === undefined || (vm.state === "off" && procedure !== STATE)) return undefined;
    if (procedure === STATE) return joined([i32(stateNumber(vm)), i32(vm.reason)]);
    if (procedure === XML) return text(xmlOf(vm));
    if (procedure === VCPUS) return vcpusBody(vm, this.#timeline.nowMs);
    return pinsBody(vm.pins);
  }

  /** The VM that a call is about: its arguments begin with the name and its padding, and the UUID. */
  #named(args: Uint8Array): Vm | undefined {
    const nameLength = numberAt(args, 0);
    const at = 4 + Math.ceil(nameLength / 4) * 4;
    const vm = this.vms.get(new TextDecoder().decode(args.subarray(4, 4 + nameLength)));
    return vm?.uuid === args.subarray(at, at + 16).toHex() ? vm : undefined;
  }
}

/** A big-endian number of 32 bits. */
function numberAt(bytes: Uint8Array, at: number): number {
  const byte = (i: number) => (bytes[at + i] as number) << (24 - 8 * i);
  return (byte(0) | byte(1) | byte(2) | byte(3)) >>> 0;
}

function pinsBody(pins: readonly (readonly number[])[]): Uint8Array {
  const maps = new Uint8Array(pins.length * MAP_BYTES);
  pins.forEach((list, vcpu) => {
    for (const cpu of list) {
      const at = vcpu * MAP_BYTES + (cpu >> 3);
      maps[at] = (maps[at] ?? 0) | (1 << (cpu & 7));
    }
  });
  return joined([u32(maps.length), maps, i32(pins.length)]);
}

/** Number, state, CPU time in ns and CPU of each vCPU, as if it had always run; then no maps. */
function vcpusBody({ pins, online }: Vm, nowMs: number): Uint8Array {
  const nowNs = Math.round(nowMs * 1e6);
  const ns = [u32(Math.floor(nowNs / 2 ** 32)), u32(nowNs % 2 ** 32)];
  const vcpus = pins.slice(0, online).map(([cpu = 0], vcpu) => {
    return joined([u32(vcpu), i32(1), ...ns, i32(cpu)]);
  });
  return joined([u32(vcpus.length), ...vcpus, u32(0)]);
}
