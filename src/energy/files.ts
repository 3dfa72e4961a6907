import { readFile, readFileSync } from "node:fs";
import { attempt } from "../base/attempt.ts";
import { failure, type Result, success } from "../base/result.ts";
import { systemErrorText } from "../base/system-error.ts";

/** The largest whole number that the kernel prints has 20 digits. */
const NUMBER = /^\d{1,20}\n?$/;

/** A short text of the kernel, without its end of line; undefined if it cannot be read. */
export function shortText(file: string): string | undefined {
  return attempt(() => readFileSync(file, "utf8").trim());
}

/** Reads a text without blocking: a sensor behind a slow bus may take longer than a packet may wait. */
export type ReadText = (file: string) => Promise<Result<string>>;

/** {@link ReadText} by a thread of the runtime. */
export function readText(file: string): Promise<Result<string>> {
  const { promise, resolve } = Promise.withResolvers<Result<string>>();
  readFile(file, "utf8", (error, text) =>
    resolve(error === null ? success(text) : failure(systemErrorText(error))),
  );
  return promise;
}

/** The number that a meter's file contains; undefined if it is none, or the file was read in part. */
export function meterNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}
