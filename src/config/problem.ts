/** Something wrong in a configuration file, for the operator who wrote it. */
export interface Problem {
  /** A warning does not keep the daemon from starting. */
  readonly severity: "error" | "warning";
  readonly file: string;
  /** Counted from 1; 0 when it is about the file as a whole. */
  readonly line: number;
  /** Sentence case, without full stop. */
  readonly message: string;
  /** What the operator may have meant, as a question or an instruction. */
  readonly suggestion: string | undefined;
}

/** Where a problem is. */
export type Place = Pick<Problem, "file" | "line">;

/** Problems reported per file; past it only their end is told, so that a wrong file does not fill the screen. */
export const PROBLEMS_MAX = 100;

/** Longest piece of a file that is repeated in a message. */
const QUOTED_LENGTH_MAX = 80;

/** Makes a problem that keeps the daemon from starting. */
export function problem(place: Place, message: string, suggestion?: string): Problem {
  return { severity: "error", file: place.file, line: place.line, message, suggestion };
}

/** Makes a problem that is only told. */
export function warning(place: Place, message: string, suggestion?: string): Problem {
  return { severity: "warning", file: place.file, line: place.line, message, suggestion };
}

/** Writes a problem as one line: `/etc/vm-power.conf:3: Unknown key "Autoadd" (did you mean "AutoAdd"?)`. */
export function formatProblem({ severity, file, line, message, suggestion }: Problem): string {
  const where = line === 0 ? file : `${file}:${line}`;
  const grade = severity === "warning" ? "warning: " : "";
  return `${where}: ${grade}${message}${suggestion === undefined ? "" : ` (${suggestion})`}`;
}

/** Quotes text of a file for a message: bounded, and with control characters escaped. */
export function quote(text: string): string {
  const shown = text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text;
  // JSON leaves DEL and the C1 controls as they are, and a terminal may obey them.
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
