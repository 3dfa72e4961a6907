import type { Channel } from "../admin/control-types.ts";
import type { Style } from "./io.ts";
import { printable } from "./text.ts";
import { wrapLine } from "./wrap.ts";

/** Something that is wrong, and what to do about it; both safe to show. */
export interface Trouble {
  readonly what: string;
  readonly remedy: string | undefined;
}

/** Troubles shown at once. */
const SHOWN_MAX = 10;

/** Why a channel is not served. */
export function channelProblem({ vm, number, reason, remedy }: Channel): Trouble {
  return {
    what: `Channel ${number} of ${printable(vm)} is refused: ${printable(reason ?? "no reason given")}`,
    remedy: remedy === undefined ? undefined : printable(remedy),
  };
}

/** Troubles as a paragraph, with a blank line before it; nothing where there are none. */
export function troubleLines(troubles: readonly Trouble[], style: Style, width: number): string[] {
  if (troubles.length === 0) return [];
  const lines = [""];
  for (const { what, remedy } of troubles.slice(0, SHOWN_MAX)) {
    lines.push(wrapLine(`${style.bad("!")} ${what}`, width, 2));
    if (remedy !== undefined) lines.push(wrapLine(`  ${style.dim("→")} ${remedy}`, width, 4));
  }
  const more = troubles.length - SHOWN_MAX;
  if (more > 0) lines.push(`${style.bad("!")} and ${more} more: vmpowerctl list --channels shows all`);
  return lines;
}
