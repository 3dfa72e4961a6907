/** A problem in a configuration file. */
export interface Problem {
  /** A warning does not keep the daemon from starting. */
  readonly severity: "error" | "warning";
  readonly file: string;
  /** The line, counted from 1; 0 for the file as a whole. */
  readonly line: number;
  /** A sentence without a full stop. */
  readonly message: string;
  /** What the operator may have meant: a question or an instruction. */
  readonly suggestion: string | undefined;
}

/** Where a problem is. */
export type Place = Pick<Problem, "file" | "line">;

/** The most problems of one file, and the most that are shown. Further ones are only counted. */
export const PROBLEMS_MAX = 100;

/** The longest part of a file that a message quotes. */
const QUOTED_LENGTH_MAX = 80;

/** Makes a problem that keeps the daemon from starting. */
export function problem(place: Place, message: string, suggestion?: string): Problem {
  return { severity: "error", file: place.file, line: place.line, message, suggestion };
}

/** Makes a problem that is only a warning. */
export function warning(place: Place, message: string, suggestion?: string): Problem {
  return { severity: "warning", file: place.file, line: place.line, message, suggestion };
}

/** A line for the log, with its level. */
export interface ProblemLine {
  readonly severity: Problem["severity"];
  readonly text: string;
}

/** Problems as lines of a log, errors first. Of too many, the last line counts the rest. */
export function problemLines(problems: readonly Problem[]): ProblemLine[] {
  return lines(problems, (each) => textOf(each, ""));
}

/** Problems as lines for a terminal. Warnings begin with that word. */
export function formatProblems(problems: readonly Problem[]): string[] {
  return lines(problems, formatProblem).map(({ text }) => text);
}

/** Formats a problem as one line: `/etc/vm-power.conf:3: Unknown key "Autoadd" (did you mean "AutoAdd"?)`. */
export function formatProblem(problem: Problem): string {
  return textOf(problem, problem.severity === "warning" ? "warning: " : "");
}

function lines(problems: readonly Problem[], write: (problem: Problem) => string): ProblemLine[] {
  const { error = [], warning = [] } = Object.groupBy(problems, ({ severity }) => severity);
  const shown = problems.length > PROBLEMS_MAX ? [...error, ...warning].slice(0, PROBLEMS_MAX) : problems;
  const found = shown.map((each): ProblemLine => ({ severity: each.severity, text: write(each) }));
  const more = problems.length - shown.length;
  if (more === 0) return found;
  const severity = error.length > PROBLEMS_MAX ? "error" : "warning";
  return [...found, { severity, text: `And ${more} more ${more === 1 ? "problem" : "problems"}` }];
}

function textOf({ file, line, message, suggestion }: Problem, grade: string): string {
  const where = line === 0 ? file : `${file}:${line}`;
  return `${where}: ${grade}${message}${suggestion === undefined ? "" : ` (${suggestion})`}`;
}

/** Quotes text of a file for a message: bounded, and with control characters escaped. */
export function quote(text: string): string {
  const shown = text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text;
  // JSON leaves DEL and the C1 controls unchanged, and a terminal may act on them.
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
