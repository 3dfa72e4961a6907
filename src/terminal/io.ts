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
  /** Starts to read lines. */
  readonly readLines: (options?: LineOptions) => LineReader;
  /** Takes the whole terminal; undefined if stdin or stdout is no terminal. */
  readonly openScreen?: (() => Screen) | undefined;
  /** Aborts when stdout cannot be written any more, for commands that do not end by themselves. */
  readonly signal?: AbortSignal | undefined;
}

/** Help for a reader of lines on a terminal. */
export interface LineOptions {
  /** Completions for the end of the line, and the part of the line that they replace. */
  readonly complete?: (typed: string) => Promise<[words: string[], replaced: string]>;
  /** Lines that "?" shows about the next word. Without this, "?" is an ordinary character. */
  readonly help?: (typed: string) => Promise<readonly string[]>;
}

/** Lines from a terminal or a pipe. */
export interface LineReader {
  /** Shows the prompt and resolves with the next line without its end; undefined at the end of the input. */
  next(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** The whole terminal, until it is closed. */
export interface Screen {
  /** Its current size, which may change. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Shows these lines and nothing else. */
  draw(lines: readonly string[]): void;
  /** Resolves with the next event: a key by its character or name, "resize", or "close" if the terminal is gone. */
  next(timeoutMs: number): Promise<string | undefined>;
  /** Restores the terminal. */
  close(): void;
}

/** Where text goes. */
export interface Output {
  write(text: string): unknown;
}

/** Styles of words. */
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
