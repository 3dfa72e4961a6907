import { CPU_MAP_BYTES, i32, u32 } from "./fake-bytes.ts";

/** A domain of the fake; tests may change it. */
export interface FakeDomain {
  name: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  id: number;
  state: number;
  reason: number;
  pins: number[][];
  xml?: string;
  /** Undefined: as {@link xml}. */
  definition?: string;
}

/** The UUID in the arguments of a domain call: after the name and its padding. */
export function uuidIn(args: Uint8Array): string {
  const at = paddedEnd(args);
  return args.slice(at, at + 16).toHex();
}

/** Where the first text of some arguments ends, with its padding. */
export function paddedEnd(args: Uint8Array): number {
  const length = new DataView(args.buffer, args.byteOffset, args.byteLength).getUint32(0);
  return 4 + Math.ceil(length / 4) * 4;
}

export function textAt(args: Uint8Array, at: number): string {
  const length = new DataView(args.buffer, args.byteOffset, args.byteLength).getUint32(at);
  return Buffer.from(args.slice(at + 4, at + 4 + length)).toString();
}

/** The XML of a domain without channels, which has a controller for them. */
export function bareXml({ name, id, pins }: FakeDomain): string {
  return `<domain type='kvm' id='${id}'><name>${name}</name><vcpu placement='static'>${pins.length}</vcpu>
    <devices><controller type='virtio-serial' index='0'/></devices></domain>`;
}

/** The XML of a domain with one channel per vCPU. */
export function xmlOf({ name, id, pins }: FakeDomain, directory = "/tmp/powermonitor"): string {
  const channels = pins.map(
    (_, n) => `<channel type='unix'><source mode='bind' path='${directory}/${name}.${n}'/>
      <target type='virtio' name='virtio.serial.port.poweragent.${n}'/></channel>`,
  );
  return `<domain type='kvm' id='${id}'><name>${name}</name><vcpu placement='static'>${pins.length}</vcpu>
    <devices>${channels.join("")}</devices></domain>`;
}

/** One map per vCPU (the lowest bit of the first byte is CPU 0), and their number. */
export function pinsBody(pins: number[][]): Uint8Array {
  const maps = new Uint8Array(pins.length * CPU_MAP_BYTES);
  pins.forEach((list, vcpu) => {
    const map = maps.subarray(vcpu * CPU_MAP_BYTES);
    for (const cpu of list) map.set([(map[cpu >> 3] ?? 0) | (1 << (cpu & 7))], cpu >> 3);
  });
  return new Uint8Array(Buffer.concat([u32(maps.length), maps, i32(pins.length)]));
}
