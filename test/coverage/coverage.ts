/** What the tests ran of a file. */
export interface FileCoverage {
  /** Its path from the root of the project. */
  readonly file: string;
  /** Lines of code, and those among them that no test ran. */
  readonly lines: number;
  readonly missed: readonly number[];
  readonly functions: { readonly found: number; readonly hit: number };
}

/** A line of the pure floors that no test runs, by its text. */
export interface Excluded {
  readonly file: string;
  readonly line: string;
  /** Why no test can run it. */
  readonly why: string;
}

/** The floors of which every line is run by some test. */
const PURE = ["base", "wire", "arbiter", "ledger"];

/** Reads the report that `bun test --coverage-reporter=lcov` writes. It has lines and functions, and no branches. */
export function readLcov(text: string): FileCoverage[] {
  return text.split("end_of_record").flatMap((record) => {
    const file = /^SF:(.+)$/m.exec(record)?.[1];
    if (file === undefined) return [];
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)];
    const missed = lines.filter(([, , times]) => times === "0").map(([, line]) => Number(line));
    const number = (key: string) => Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
    return [{ file, lines: lines.length, missed, functions: { found: number("FNF"), hit: number("FNH") } }];
  });
}

/** The table by folder of src/: lines and functions that the tests ran, in percent. */
export function table(files: readonly FileCoverage[]): string {
  const rows = [...Map.groupBy(files, ({ file }) => folderOf(file))]
    .filter(([folder]) => folder !== undefined)
    .sort(([a = ""], [b = ""]) => a.localeCompare(b))
    .map(([folder = "", own]) => {
      const sum = (of: (each: FileCoverage) => number) => own.reduce((total, each) => total + of(each), 0);
      const lines = share(
        sum(({ lines, missed }) => lines - missed.length),
        sum(({ lines }) => lines),
      );
      const functions = share(
        sum((each) => each.functions.hit),
        sum((each) => each.functions.found),
      );
      return `${folder.padEnd(16)}${lines.padStart(10)}${functions.padStart(12)}`;
    });
  return [`${"folder".padEnd(16)}${"% lines".padStart(10)}${"% functions".padStart(12)}`, ...rows].join("\n");
}

/**
 * Lines of the pure floors that neither a test ran nor the list excludes, as `file:line: text`, and what is wrong with the
 * list. `textOf` returns the source of a file.
 */
export function faults(
  files: readonly FileCoverage[],
  excluded: readonly Excluded[],
  textOf: (file: string) => string,
): string[] {
  const found: string[] = [];
  const used = new Set<Excluded>();
  const pure = files.filter(({ file }) => PURE.includes(folderOf(file) ?? ""));
  for (const floor of PURE)
    if (!pure.some(({ file }) => folderOf(file) === floor))
      found.push(`No test ran anything of src/${floor}`);
  for (const { file, missed } of pure) {
    const lines = textOf(file).split("\n");
    for (const number of missed) {
      const text = lines[number - 1]?.trim() ?? "";
      const exclusion = excluded.find((each) => each.file === file && each.line === text);
      if (exclusion === undefined) found.push(`${file}:${number}: ${text}`);
      else used.add(exclusion);
    }
  }
  for (const each of excluded)
    if (!used.has(each)) found.push(`${each.file}: excluded without need: ${each.line}`);
  return found;
}

function share(part: number, whole: number): string {
  return ((100 * part) / Math.max(1, whole)).toFixed(1);
}

function folderOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}
