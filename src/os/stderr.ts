import { fstatSync } from "node:fs";
import { writeAll } from "./write-all.ts";

const STDERR = 2;

/**
 * Opens standard error for lines that nobody waits for. What it does not take is lost. A file cannot make the process
 * wait, so it is written directly; for anything else the runtime loads its streams at the first line, which takes 11 ms.
 */
export function openStderr(): (text: string) => void {
  if (isFile()) return writeToFile;
  let stream: NodeJS.WriteStream | undefined;
  return (text) => {
    if (stream === undefined) {
      stream = process.stderr;
      // Without a listener an error would end the process.
      stream.on("error", () => {});
    }
    stream.write(text);
  };
}

function isFile(): boolean {
  try {
    return fstatSync(STDERR).isFile();
  } catch {
    return false;
  }
}

function writeToFile(text: string): void {
  try {
    writeAll(STDERR, Buffer.from(text));
  } catch {
    // The disk is full.
  }
}
