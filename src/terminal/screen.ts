import { columnsOf } from "./columns.ts";
import type { Screen } from "./io.ts";

/** The two ends of a terminal. */
interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** Switches to the alternate screen without cursor and line wrapping, and back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const TO_LINE_END = "\x1b[K";
const TO_SCREEN_END = "\x1b[J";

/** Keys that terminals send as more than one byte. */
const KEYS: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[5~": "pageUp",
  "\x1b[6~": "pageDown",
  "\x1b[H": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1b[4~": "end",
  "\x7f": "backspace",
  "\b": "backspace",
  "\r": "enter",
  "\n": "enter",
  "\x03": "close",
  "\x1b": "escape",
};

/** The most keys that are kept while nobody reads them. */
const KEYS_MAX = 64;

/** Signals before whose effect the terminal is restored, and their numbers. */
const DEADLY = { SIGTERM: 15, SIGHUP: 1, SIGINT: 2, SIGQUIT: 3 } as const;

/** Takes the whole terminal. Restores it when it is closed, when the process exits, and at signals. */
export function openScreen({ input, output }: Terminal): Screen {
  const happened: string[] = [];
  let wake: (() => void) | undefined;
  let open = true;

  function deliver(what: string): void {
    if (happened.length < KEYS_MAX) happened.push(what);
    wake?.();
  }

  const onData = (bytes: Buffer) => {
    for (const key of keysOf(bytes.toString("utf8"))) deliver(key);
  };
  const onResize = () => deliver("resize");
  const onGone = () => deliver("close");
  const close = () => {
    if (!open) return;
    open = false;
    output.write(LEAVE);
    input.off("data", onData).off("end", onGone);
    output.off("resize", onResize);
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    process.off("exit", close);
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
  const handlers = (Object.entries(DEADLY) as [NodeJS.Signals, number][]).map(
    ([signal, number]) =>
      [
        signal,
        () => {
          close();
          process.exit(128 + number);
        },
      ] as const,
  );

  for (const [signal, handler] of handlers) process.on(signal, handler);
  // Also after an uncaught error.
  process.on("exit", close);
  input.setRawMode(true);
  input.on("data", onData).on("end", onGone).resume();
  output.on("resize", onResize);
  output.write(ENTER);

  return {
    get size() {
      return { columns: output.columns || 80, rows: output.rows || 24 };
    },
    draw(lines) {
      // The old lines are overwritten, not cleared first, which would flicker. After a line that fills the terminal the
      // cursor is still on its last character, which must not be cleared.
      const { columns } = this.size;
      const text = lines
        .map((line) => (columnsOf(line) < columns ? `${line}${TO_LINE_END}` : line))
        .join("\r\n");
      output.write(`${HOME}${text}${TO_SCREEN_END}`);
    },
    async next(timeoutMs) {
      if (happened.length === 0 && timeoutMs > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, timeoutMs);
        wake = resolve;
        await promise;
        wake = undefined;
        clearTimeout(timer);
      }
      return happened.shift();
    },
    close,
  };
}

/** Splits the input into keys. */
function keysOf(text: string): string[] {
  const keys: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what terminals send.
  for (const [key] of text.matchAll(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])?|./gsu)) {
    const name = KEYS[key];
    if (name !== undefined) keys.push(name);
    else if (!/\p{Cc}/u.test(key)) keys.push(key);
  }
  return keys;
}
