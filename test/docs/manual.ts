import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A paragraph of a manual page with the indented text below it, without the marks of scdoc. */
export interface Entry {
  readonly head: string;
  readonly body: string;
}

/** The entries of each section of a manual page, by its title. */
export function readManual(page: string): ReadonlyMap<string, readonly Entry[]> {
  const sections = new Map<string, Entry[]>();
  let section = "";
  for (const block of readFileSync(join(import.meta.dir, "../../man", `${page}.scd`), "utf8").split("\n\n")) {
    const title = /^# (.*)$/m.exec(block);
    if (title !== null) section = title[1] ?? "";
    const lines = block.split("\n").filter((line) => !line.startsWith("#"));
    const head = lines.filter((line) => !line.startsWith("\t")).join(" ");
    const body = lines
      .filter((line) => line.startsWith("\t"))
      .map((line) => line.trim())
      .join(" ");
    if (head !== "" || body !== "")
      sections.set(section, [...(sections.get(section) ?? []), { head: head.trim(), body: plain(body) }]);
  }
  return sections;
}

/** Text without the marks of scdoc; names in angle brackets, as help has them. */
export function plain(text: string): string {
  return text
    .replace(/(?<!\w)\*((?:[^*\\]|\\.)+)\*/g, "$1")
    .replace(/(?<![\w.])_((?:[^_\\]|\\.|(?<=\w)_(?=\w))+)_(?!\w)/g, "$1")
    .replace(/\\(.)/g, "$1");
}

/** The parts of a head in the form of a synopsis, in the notation of `--help`. */
export function readSynopsis(head: string): { name: string; args: string[]; options: string[] } {
  const options = [...head.matchAll(OPTION)].map(([, flag = "", value]) =>
    value === undefined ? flag : `${flag} <${value}>`,
  );
  const rest = head.replace(OPTION, "").trim();
  const [, name = "", after = ""] = /^\*([^*]+)\*(.*)$/.exec(rest) ?? [];
  const args = after
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  return { name, args: args.map(readArgument), options };
}

const OPTION = /\[\*(-[\w, -]+)\*(?: _([^_]+)_)?\]/g;

/** `_cpus_` is `<cpus>`, `[_cpus_]` is `[cpus]`; words to choose from are `<*>`. */
function readArgument(word: string): string {
  const [, optional] = /^\[_(.+)_\]$/.exec(word) ?? [];
  if (optional !== undefined) return `[${optional}]`;
  const [, required] = /^_(.+)_$/.exec(word) ?? [];
  if (required !== undefined) return `<${required}>`;
  return word.includes("|") ? "<*>" : plain(word);
}
