/** libvirt's bytes as a fake daemon writes them, made without the tested code. */

/** The size of the CPU map that the client requests per vCPU. */
export const CPU_MAP_BYTES = 1024;

/** libvirt's handle of a domain. */
interface Ref {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function i32(value: number): Uint8Array {
  return u32(value >>> 0);
}

/** Several pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Length, bytes, zeros up to a multiple of four. */
export function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return joined([u32(bytes.length), bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)]);
}

/** Length, program, version 1, procedure, type, serial, status, body. */
export function message(
  program: number,
  procedure: number,
  type: number,
  serial: number,
  status: number,
  ...body: Uint8Array[]
): Uint8Array {
  const length = 28 + body.reduce((sum, { length }) => sum + length, 0);
  const header = [length, program, 1, procedure, type, serial, status].map(u32);
  return joined([...header, ...body]);
}

/** Name, UUID, id. */
export function refBytes({ name, uuid, id }: Ref): Uint8Array {
  return joined([text(name), Uint8Array.fromHex(uuid), i32(id)]);
}

/** Count, that many domains, and the count once more. */
export function listBody(domains: readonly Ref[]): Uint8Array {
  const count = u32(domains.length);
  return joined([count, ...domains.map(refBytes), count]);
}

/** Code, error domain, message, level, no domain, three absent strings, two numbers, no network. */
export function errorBody(code: number, reason: string): Uint8Array {
  const none = u32(0);
  const tail = [u32(2), none, none, none, none, i32(-1), i32(-1), none];
  return joined([i32(code), i32(10), u32(1), text(reason), ...tail]);
}
