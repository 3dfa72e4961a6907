import { createInterface, type Interface } from "node:readline";
import type { LineOptions, LineReader, Output } from "./io.ts";

/** The two ends of a terminal, or a pipe and the output. */
interface Streams {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream & Output;
}

/**
 * Reads lines: on a terminal with history, editing and completion; otherwise plainly. The prompt is always shown,
 * because programs that control this one wait for it.
 */
export function openLineReader({ input, output }: Streams, { complete, help }: LineOptions = {}): LineReader {
  const terminal = input.isTTY === true && output.isTTY === true;
  const reader = createInterface({
    input,
    output: terminal ? output : undefined,
    terminal,
    ...(complete === undefined
      ? {}
      : {
          completer(typed: string, done: (error: null, result: [string[], string]) => void) {
            complete(typed).then(
              (result) => done(null, result),
              () => done(null, [[], typed]),
            );
          },
        }),
  });
  if (terminal && help !== undefined) showHelpAtQuestionMark(reader, output, help);
  const lines: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let ended = false;

  reader.on("line", (line) => {
    // Characters that are typed during a command appear at the next prompt, not within the output of the command.
    if (!ended) reader.pause();
    if (waiting === undefined) lines.push(line);
    waiting?.(line);
    waiting = undefined;
  });
  reader.on("SIGINT", () => reader.close());
  reader.on("close", () => {
    ended = true;
    waiting?.(undefined);
  });

  return {
    next(prompt) {
      const line = lines.shift();
      if (line !== undefined && terminal) output.write(`${prompt}${line}\n`);
      else if (terminal && !ended) {
        reader.setPrompt(prompt);
        reader.prompt();
      } else if (!terminal) output.write(prompt);
      if (line !== undefined || ended) return Promise.resolve(line);
      reader.resume();
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    close: () => reader.close(),
  };
}

/** The method of the reader that handles a key. Node's own prompt replaces it in the same way. */
interface KeyTaker {
  _ttyWrite(text: string | undefined, key: unknown): void;
}

function showHelpAtQuestionMark(
  reader: Interface,
  output: Output,
  help: (typed: string) => Promise<readonly string[]>,
): void {
  const taker = reader as Interface & KeyTaker;
  const take = taker._ttyWrite.bind(reader);
  taker._ttyWrite = (text, key) => {
    if (text !== "?") return take(text, key);
    help(reader.line.slice(0, reader.cursor)).then(
      (lines) => {
        output.write(`\n${lines.map((line) => `${line}\n`).join("")}`);
        reader.prompt(true);
      },
      () => {},
    );
  };
}
