/** The terminal or the pipes of a program, and its environment. */
export interface TerminalIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether stdout is a terminal. */
  readonly isTty: boolean;
  /** Width of that terminal. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of this program, for `--version`. */
  readonly version: string;
  /** Begins to read what is typed. */
  readonly readLines: (options?: LineOptions) => LineReader;
  /** Takes the whole terminal; undefined where stdin or stdout is none. */
  readonly openScreen?: (() => Screen) | undefined;
  /** Aborts when stdout cannot be written any more, for commands that would never end. */
  readonly signal?: AbortSignal | undefined;
}

/** What a reader of lines does on a terminal. */
export interface LineOptions {
  /** Words that may be meant, and the part of the line that they replace. */
  readonly complete?: (typed: string) => Promise<[words: string[], replaced: string]>;
  /** Lines that "?" shows of what may come next; without it "?" is a letter like others. */
  readonly help?: (typed: string) => Promise<readonly string[]>;
}

/** Lines that somebody types, or a pipe brings. */
export interface LineReader {
  /** Shows the prompt and gives the next line without its end; undefined when there is none any more. */
  next(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** The whole terminal, until it is closed. */
export interface Screen {
  /** As it is now: it may be resized. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Shows these lines and nothing else. */
  draw(lines: readonly string[]): void;
  /** What happens next: a key by its character or name, "resize", or "close" where the terminal went away. */
  next(timeoutMs: number): Promise<string | undefined>;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** Where text goes. */
export interface Output {
  write(text: string): unknown;
}

/** How words stand out. */
export interface Style {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

/** Colours on a terminal that has them, unless `NO_COLOR` is set. */
export function styleFor({ isTty, env }: TerminalIo): Style {
  const noColor = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  const coloured = isTty && !noColor && env["TERM"] !== "dumb";
  const paint = (code: number) => (text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { good: paint(32), warn: paint(33), bad: paint(31), bold: paint(1), dim: paint(2) };
}
