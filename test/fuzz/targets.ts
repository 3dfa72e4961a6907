import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFramer } from "../../src/admin/framer.ts";
import { readCall } from "../../src/admin/message.ts";
import { ObjectCutter } from "../../src/channels/fifos/object-cutter.ts";
import { readIni } from "../../src/config/ini.ts";
import { PROBLEMS_MAX } from "../../src/config/problem.ts";
import { decodeEntry, encodeEntry } from "../../src/cpufreq/journal-entry.ts";
import { JOURNAL_NAMES } from "../../src/cpufreq/linux/journal-names.ts";
import { readHandover, saveHandover } from "../../src/daemon/lifecycle/handover.ts";
import { readDefinition } from "../../src/hypervisor/libvirt/definition.ts";
import { readDomainXml } from "../../src/hypervisor/libvirt/domain-xml.ts";
import { readDomainEvent } from "../../src/hypervisor/libvirt/events.ts";
import { type Frame, FrameCutter } from "../../src/hypervisor/libvirt/frame.ts";
import * as messages from "../../src/hypervisor/libvirt/messages.ts";
import { XdrReader } from "../../src/hypervisor/libvirt/xdr-reader.ts";
import { frames } from "../wire/packets.ts";
import { cut, mutate } from "./mutate.ts";
import { anyObjects } from "./objects.ts";
import { packetStorm, STORM_PACKETS } from "./packet-storm.ts";
import type { Random } from "./random.ts";

/** A reader of what others write, and a judge of what it makes of it. */
export interface Target {
  readonly name: string;
  /** Inputs of one round. */
  readonly inputs: number;
  /** Runs a round that depends on the stream of numbers alone. Returns what is wrong, with the input; a throw is wrong as well. */
  round(random: Random): string | undefined;
}

const CORPUS = join(import.meta.dir, "corpus");
const bytesOf = (file: string) => new Uint8Array(readFileSync(join(CORPUS, file)));

/** A target with one input at a time, which is printed if its judge finds something. */
export function each(
  name: string,
  judge: (random: Random, note: (input: Uint8Array) => void) => string | undefined,
): Target {
  const inputs = 200;
  return {
    name,
    inputs,
    round(random) {
      let input: Uint8Array = new Uint8Array();
      for (let count = 0; count < inputs; count++) {
        const wrong = faultOf(() => judge(random, (bytes) => (input = bytes)));
        if (wrong !== undefined) return `${wrong}: ${Buffer.from(input).toString("latin1").slice(0, 4000)}`;
      }
      return undefined;
    },
  };
}

function faultOf(judge: () => string | undefined): string | undefined {
  try {
    return judge();
  } catch (error) {
    return `It throws ${error}`;
  }
}

/** The targets; each is a reader of bytes from outside. */
export const TARGETS: readonly Target[] = [
  { name: "packets", inputs: STORM_PACKETS, round: packetStorm },
  each("stream", stream),
  each("varlink", varlink),
  each("objects", objects),
  each("ini", ini),
  each("rpc", rpc),
  each("xml", xml),
  each("journal", journal),
  each("handover", handover),
];

/** However a stream is cut, the same packets are found; hostile bytes give packets of the four sizes only. */
function stream(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const size = random.of([16, 456, 460, 464]);
  const packets = Array.from({ length: 2 + random.below(6) }, (_, index) => {
    const packet = new Uint8Array(size);
    packet[12] = index === 0 ? 2 : 1; // CONNECT, then requests
    packet[8] = 1 + random.below(4);
    packet[0] = random.below(64);
    return packet;
  });
  const sound = new Uint8Array(Buffer.concat(packets));
  note(sound);
  if (!isSame(frames(cut(sound, random)), packets))
    return `Not the ${packets.length} packets of ${size} bytes`;
  const hostile = mutate(sound, ["\x01\x00\x00\x00", "\x02\x00\x00\x00", "\x09\x00\x00\x00"], random);
  note(hostile);
  const strange = frames(cut(hostile, random)).find(({ length }) => ![16, 456, 460, 464].includes(length));
  return strange && `A packet of ${strange.length} bytes`;
}

/** Messages do not depend on the cuts, and a call that is accepted has its types. */
function varlink(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const sound = Buffer.from(
    readFileSync(join(CORPUS, "calls.jsonl"), "latin1").replaceAll("\n", "\0"),
    "latin1",
  );
  const bytes = mutate(sound, ["\0", "[", "{", '"', "\\", "null", "true", '"upgrade":true,'], random);
  note(bytes);
  const whole = messagesOf([bytes]);
  if (!isSame(messagesOf(cut(bytes, random)), whole)) return "The cuts make a difference";
  for (const message of whole) {
    const call = readCall(message);
    if (call.kind !== "call") continue;
    if (call.method.length > 255 || typeof call.parameters !== "object" || (call.more && call.oneway))
      return `It accepts ${JSON.stringify(call)}`;
  }
  return undefined;
}

function messagesOf(pieces: readonly Uint8Array[]): Uint8Array[] {
  const framer = createFramer(4096);
  const found: Uint8Array[] = [];
  for (const piece of pieces) {
    framer.push(piece);
    for (let next = framer.next(); next !== undefined; next = framer.next()) {
      if (next === "tooLong") return found;
      found.push(next);
    }
  }
  return found;
}

/** Objects do not depend on the cuts, and none is longer than the kernel writes in one piece. */
function objects(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const bytes = anyObjects(random);
  note(bytes);
  const found = (pieces: readonly Uint8Array[]) => {
    const cutter = new ObjectCutter();
    const all: Uint8Array[] = [];
    const take = (each: { kind: string; bytes?: Uint8Array }) =>
      all.push(each.bytes ?? new TextEncoder().encode(each.kind));
    for (const piece of pieces) cutter.push(piece, take);
    cutter.pause(take);
    return all;
  };
  const whole = found([bytes]);
  if (!isSame(found(cut(bytes, random)), whole)) return "The cuts make a difference";
  return whole.some(({ length }) => length > 4096) ? "An object above the limit" : undefined;
}

const INI_WORDS = [
  "[",
  "]",
  "=",
  "\n",
  "[vm ",
  "[vm web1]\n",
  "\n#",
  "\\\n",
  "Turbo=",
  "=yes\n",
  "\ufeff",
  "*",
];

/** Every problem is told once with its line, and no more of them than the limit. */
function ini(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const bytes = mutate(bytesOf("vm-power.conf"), INI_WORDS, random);
  note(bytes);
  const { sections, loose, problems } = readIni(bytes, "c.conf");
  const lines = Buffer.from(bytes).toString("latin1").split("\n").length;
  const places = [...problems, ...sections, ...loose, ...sections.flatMap(({ entries }) => entries)];
  const strange = places.find(({ line }) => line < 0 || line > lines);
  if (strange !== undefined) return `Line ${strange.line} of ${lines}`;
  return problems.length > PROBLEMS_MAX + 1 ? `${problems.length} problems` : undefined;
}

const RPC = Buffer.from(readFileSync(join(CORPUS, "rpc.hex"), "utf8").replace(/#.*|\s/g, ""), "hex");

/** Frames do not depend on the cuts; what is read of them is within its bounds. */
function rpc(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const bytes = random.onceIn(4)
    ? RPC
    : mutate(RPC, ["\0\0\0\x01", "\0\0\0\x1c", "\xff\xff\xff\xff"], random);
  note(bytes);
  const found = (pieces: readonly Uint8Array[]) => {
    const cutter = new FrameCutter();
    const all: Frame[] = [];
    for (const piece of pieces) {
      const wrong = cutter.push(piece, (frame) => all.push({ ...frame, body: frame.body.slice() }) > 0);
      if (wrong !== undefined) break;
    }
    return all;
  };
  const whole = found([bytes]);
  if (!Bun.deepEquals(found(cut(bytes, random)), whole)) return "The cuts make a difference";
  for (const { body, procedure } of whole) {
    const reader = () => new XdrReader(body);
    const names = [...messages.readDomainList(reader()), messages.readDomain(reader())];
    readDomainEvent(procedure, reader());
    messages.readAuthTypes(reader());
    messages.readXmlText(reader());
    messages.readError(reader());
    if (messages.readCpumaps(reader()).maps.length > body.length) return "More CPU maps than bytes";
    if (names.some((each) => each !== undefined && each.name.length > 1024)) return "A name above the limit";
  }
  return undefined;
}

const XML_WORDS = [
  "<",
  ">",
  "'",
  "&",
  "&#x0;",
  "<![CDATA[",
  "]]>",
  "<!--",
  "-->",
  "<a>",
  "</a>",
  "<!DOCTYPE x>",
  "/>",
];

/** XML of a VM is read or refused; what is read is within the bounds of a VM. */
function xml(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const bytes = mutate(bytesOf("domain.xml"), XML_WORDS, random);
  note(bytes);
  const text = Buffer.from(bytes).toString("utf8");
  readDefinition(text);
  const read = readDomainXml(text);
  if (!read.ok) return undefined;
  const { name, vcpus, online, threads = [] } = read.value;
  if (name === "" || vcpus < 1 || vcpus > 4096 || online.size > vcpus) return `${vcpus} vCPUs of "${name}"`;
  const strange = threads.flatMap(({ pcpus }) => pcpus).find((pcpu) => !(pcpu >= 0 && pcpu < 8192));
  return strange === undefined ? undefined : `A thread on CPU ${strange}`;
}

/** An entry of the restore journal is refused, or is one that the daemon could have written. */
function journal(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const words = ["{", "[", '"', "policy", "../../", "\\u0000", "scaling_setspeed", "null", "performance"];
  const bytes = mutate(bytesOf("journal.jsonl"), words, random);
  note(bytes);
  const entry = decodeEntry(Buffer.from(bytes).toString("utf8"), JOURNAL_NAMES);
  if (entry === undefined) return undefined;
  const { scope, pcpus, driver, kept, originals } = entry;
  const texts: unknown[] = [driver, ...Object.values(originals)];
  const isSound =
    /^policy\d{1,4}$/.test(scope) &&
    typeof kept === "boolean" &&
    pcpus.every((pcpu) => Number.isInteger(pcpu) && pcpu >= 0 && pcpu < 8192) &&
    texts.every((text) => typeof text === "string");
  if (!isSound) return "It accepts what no daemon writes";
  return Bun.deepEquals(decodeEntry(encodeEntry(entry), JOURNAL_NAMES), entry)
    ? undefined
    : "It reads its own entry otherwise";
}

/** A handover is refused whole, or the next daemon would write the same. */
function handover(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const words = ["{", "[", "]", '"', "null", "true", '"version":2,', "policies", "pins"];
  const bytes = mutate(bytesOf("handover.jsonl"), words, random);
  note(bytes);
  const now = { wallMs: 1_700_000_001_000, bootMs: 6000 };
  const directory = mkdtempSync(join(tmpdir(), "vm-power-fuzz-"));
  try {
    writeFileSync(join(directory, "handover"), bytes, { mode: 0o600 });
    const read = readHandover(directory, now);
    if (read === undefined) return undefined;
    saveHandover({ runtimeDirectory: directory, log: (() => {}) as never }, read, now);
    return Bun.deepEquals(readHandover(directory, now), read) ? undefined : "It reads its own file otherwise";
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, i) => Buffer.compare(bytes, b[i] as Uint8Array) === 0);
}
