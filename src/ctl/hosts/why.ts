import { printable } from "../../terminal/text.ts";
import type { Said } from "./said.ts";

/** Why a host failed, in its own words or those of ssh; safe to show. */
export function whyOf({ code, err }: Said): string {
  // ssh ends its own lines with CR LF, as a terminal needs.
  const lines = err.split(/\r?\n/).filter((line) => line.trim() !== "");
  const said = lines.map(printable).join("; ");
  if (said !== "") return said;
  return code === 255 ? "ssh could not reach it" : `vmpowerctl ended with ${code}`;
}
