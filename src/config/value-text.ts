import { unsafe } from "ini";

/**
 * Reads the text behind "=" by the rules of the package `ini`: `;` and `#` begin a comment unless a backslash precedes
 * them, and text between quotes is taken as it is, in double quotes with the escapes of JSON.
 */
export function valueText(written: string): string {
  const value: unknown = unsafe(written);
  // Between single quotes the package converts numbers and the like; here each key has its own parser.
  return typeof value === "string" ? value : written.trim().slice(1, -1);
}
