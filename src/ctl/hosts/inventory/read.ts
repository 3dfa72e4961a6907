import fs from "node:fs";
import { extname } from "node:path";
import { systemErrorText } from "../../../base/system-error.ts";
import { UsageError } from "../../../terminal/exit-code.ts";
import { readIniInventory } from "./ini.ts";
import type { Inventory } from "./inventory.ts";
import { BY_ANSIBLE, readYamlInventory } from "./yaml.ts";

/** The most bytes of an inventory. The parser of YAML takes seconds for as many that are nested without end. */
const BYTES_MAX = 1024 * 1024;

/** Reads an inventory of Ansible, INI or YAML, or a list of hosts. The file may be a pipe. */
export function readInventory(path: string): Inventory {
  const text = readText(path);
  if (text.startsWith("#!"))
    throw new UsageError(`${path}: This is a program, which is not run. ${BY_ANSIBLE}`);
  return isYaml(path, text) ? readYamlInventory(text, path) : readIniInventory(text, path);
}

/** By its name; without one that tells, by its first line: nothing in an INI file ends with ":". */
function isYaml(path: string, text: string): boolean {
  if ([".yml", ".yaml", ".json"].includes(extname(path))) return true;
  const first = text.split("\n").find((line) => !/^\s*(?:[#;].*)?$/.test(line)) ?? "";
  return /^---|^\{|:\s*(?:#.*)?$/.test(first.trim());
}

function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readBytes(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR")
      throw new UsageError(`${path}: This is a directory. ${BY_ANSIBLE}`);
    throw new UsageError(`Cannot read the inventory "${path}": ${systemErrorText(error)}`);
  }
  if (bytes.length > BYTES_MAX) throw new UsageError(`${path}: It has more than ${BYTES_MAX} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path}: It is not text in UTF-8`);
  }
}

/** Reads at most one byte more than is allowed, from a pipe or an endless file too. */
function readBytes(path: string): Uint8Array {
  const fd = fs.openSync(path, "r");
  try {
    const buffer = Buffer.alloc(BYTES_MAX + 1);
    let length = 0;
    for (;;) {
      const read = fs.readSync(fd, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    fs.closeSync(fd);
  }
}
