import { AFFECT_LIVE, BOUND, LIST_ACTIVE, NAME_BYTES_MAX, OPEN_READ_ONLY } from "./protocol.ts";
import type { XdrReader } from "./xdr-reader.ts";
import { XdrWriter } from "./xdr-writer.ts";

const UUID_BYTES = 16;

/** The fewest bytes of one domain in a list: empty name, UUID, id. */
export const DOMAIN_BYTES_MIN = 4 + UUID_BYTES + 4;

/** Longest part of an error message that is kept. */
const MESSAGE_CHARS_MAX = 512;

/** libvirt's handle of a domain. The UUID identifies the domain, the id one run of it. */
export interface DomainRef {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  /** -1 when it does not run. */
  readonly id: number;
}

/** State and reason as libvirt's numbers. */
export interface DomainState {
  readonly state: number;
  readonly reason: number;
}

/** Makes the call that opens `uri`, for reading only or with the right to change domains. */
export function openArgs(uri: string, { write }: { readonly write: boolean }): Uint8Array {
  return new XdrWriter()
    .presentString(uri)
    .u32(write ? 0 : OPEN_READ_ONLY)
    .bytes();
}

/** Makes the call that registers for an event of all domains. */
export function registerArgs(eventId: number): Uint8Array {
  return new XdrWriter().i32(eventId).u32(0).bytes();
}

/** Makes the call that lists the domains that exist now. */
export function listArgs(): Uint8Array {
  return new XdrWriter().i32(1).u32(LIST_ACTIVE).bytes();
}

/** Makes a call for the state or the XML of one domain. */
export function domainArgs(domain: DomainRef): Uint8Array {
  return writeDomain(domain).u32(0).bytes();
}

/** Makes the call for the CPU maps of the first `vcpus` vCPUs, with `mapBytes` each. */
export function pinsArgs(domain: DomainRef, vcpus: number, mapBytes: number): Uint8Array {
  return writeDomain(domain).i32(vcpus).i32(mapBytes).u32(AFFECT_LIVE).bytes();
}

/** Begins the arguments of a call about one domain, or adds it to them. */
export function writeDomain({ name, uuid, id }: DomainRef, writer = new XdrWriter()): XdrWriter {
  return writer.string(name).fixed(Uint8Array.fromHex(uuid)).i32(id);
}

/** Reads the kinds of authentication that libvirt offers. */
export function readAuthTypes(reader: XdrReader): number[] {
  return readArray(reader, BOUND.authTypes, 4, () => reader.u32());
}

/** Reads a list of domains. Domains with too long a name are left out. */
export function readDomainList(reader: XdrReader): DomainRef[] {
  const domains = readArray(reader, BOUND.domains, DOMAIN_BYTES_MIN, () => readDomain(reader));
  reader.u32();
  return domains.filter((domain) => domain !== undefined);
}

/** Reads one domain; undefined also if its name is too long. */
export function readDomain(reader: XdrReader): DomainRef | undefined {
  const name = reader.opaque(BOUND.stringBytes);
  const uuid = reader.fixed(UUID_BYTES);
  const id = reader.i32();
  if (!reader.ok || name.length > NAME_BYTES_MAX) return undefined;
  return { name: new TextDecoder().decode(name), uuid: uuid.toHex(), id };
}

/** Reads the reply to a call for the state. */
export function readState(reader: XdrReader): DomainState {
  return { state: reader.i32(), reason: reader.i32() };
}

/** Reads the XML of a domain. */
export function readXmlText(reader: XdrReader): string {
  return reader.string(BOUND.stringBytes);
}

/** Reads CPU maps and the number of valid ones. */
export function readCpumaps(reader: XdrReader): { readonly maps: Uint8Array; readonly count: number } {
  // The bytes are valid only until the reply is handled.
  const maps = reader.opaque(BOUND.cpumapsBytes).slice();
  return { maps, count: reader.i32() };
}

/** Reads why a call was refused. The rest of the error is not needed. */
export function readError(reader: XdrReader): { readonly code: number; readonly message: string } {
  const code = reader.i32();
  reader.i32();
  const message = reader.optionalString(BOUND.stringBytes);
  return { code, message: (message ?? "no reason given").slice(0, MESSAGE_CHARS_MAX) };
}

function readArray<T>(reader: XdrReader, max: number, bytesEach: number, read: () => T): T[] {
  const items: T[] = [];
  const count = reader.count(max, bytesEach);
  for (let i = 0; i < count && reader.ok; i++) items.push(read());
  return items;
}
