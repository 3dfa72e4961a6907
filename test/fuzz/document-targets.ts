import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { cut, mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

const CORPUS = join(import.meta.dir, "corpus");

const bytesOf = (file: string) => new Uint8Array(readFileSync(join(CORPUS, file)));

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
export function ini(random: Random, note: (input: Uint8Array) => void): string | undefined {
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
export function rpc(random: Random, note: (input: Uint8Array) => void): string | undefined {
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
export function xml(random: Random, note: (input: Uint8Array) => void): string | undefined {
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
export function journal(random: Random, note: (input: Uint8Array) => void): string | undefined {
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
export function handover(random: Random, note: (input: Uint8Array) => void): string | undefined {
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
