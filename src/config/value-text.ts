import { unsafe } from "ini";

/**
 * What stands behind "=", by the rules of the package `ini`: `;` and `#` begin a comment unless a backslash is before them,
 * and what is between quotes is taken as it is, in double ones with the escapes of JSON.
 */
export function valueText(written: string): string {
  const value: unknown = unsafe(written);
  // Between single quotes the package takes numbers and the like for such; here each key knows what it is.
  return typeof value === "string" ? value : written.trim().slice(1, -1);
}
