import { join } from "node:path";

/** The help of a program, or of one of its commands. */
export interface Help {
  readonly args: readonly string[];
  /** Options as they are typed, `--socket <path>`; those of the program are not repeated for its commands. */
  readonly options: readonly string[];
  /** Their summaries by their names. */
  readonly commands: ReadonlyMap<string, string>;
  readonly exitCodes: readonly number[];
}

/** Runs the built program. */
export function askHelp(program: string, ...command: readonly string[]): Help {
  const file = join(import.meta.dir, "../../dist", program);
  const { exitCode, stdout } = Bun.spawnSync([file, ...command, "--help"]);
  const text = stdout.toString();
  if (exitCode !== 0) throw new Error(`${program} ${command.join(" ")} --help ended with ${exitCode}`);
  const [usage = ""] = /^Usage: .*$/m.exec(text) ?? [];
  const words = usage.split(" ").slice(2 + command.length);
  return {
    args: words.filter((word) => !["[options]", "[command]", "--"].includes(word)),
    options: entries(text, "Options").map(([name]) => name),
    commands: new Map(
      entries(text, "Commands").map(([name, summary]) => [name.split(" ")[0] ?? "", summary]),
    ),
    exitCodes: [...(/Exit status:\n((?: .*\n?)*)/.exec(text)?.[1] ?? "").matchAll(/\b(\d+) /g)].map(
      ([, code]) => Number(code),
    ),
  };
}

/** The entries of one list: the text at the left, and the text beside it. */
function entries(text: string, title: string): [string, string][] {
  const [, list = ""] = new RegExp(`^${title}:\\n((?: .*\\n?)*)`, "m").exec(text) ?? [];
  const found: [string, string][] = [];
  for (const line of list.split("\n")) {
    const [, name, words] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    const last = found.at(-1);
    if (name !== undefined) found.push([name, words ?? ""]);
    else if (last !== undefined && line.trim() !== "") last[1] = `${last[1]} ${line.trim()}`.trim();
  }
  return found;
}
