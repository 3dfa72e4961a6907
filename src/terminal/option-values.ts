import { UsageError } from "./exit-code.ts";
import { quoted } from "./text.ts";

/** Makes a parser of an option's value whose errors name the option. */
export function optionParser<T>(flag: string, parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${flag}: ${error.message}`) : error;
    }
  };
}

/** Makes a parser of a number of seconds, `2` or `0.5`, up to `max`; it is above 0 if there is no `min`. */
export function secondsUpTo(max: number, min?: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
    if (value > 0 && value >= (min ?? 0) && value <= max) return value;
    const range = min === undefined ? `above 0, at most ${max}` : `from ${min} to ${max}`;
    throw new UsageError(`${quoted(text)} is not a number of seconds ${range}`);
  };
}

/** Makes a parser of a whole number; `what` names it in an error, such as "a number of hosts". */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value >= min && value <= max) return value;
    throw new UsageError(`${quoted(text)} is not ${what} from ${min} to ${max}`);
  };
}

/** Makes a parser of one of some words. */
export function wordOf<const T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new UsageError(`${quoted(text)} is not one of ${words.join(", ")}`);
  };
}
