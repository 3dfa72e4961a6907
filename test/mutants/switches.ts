import type { Node } from "oxc-parser";
import { type Mutation, parse, visit } from "./operators.ts";

/** The names of the switch and of the counter of loops in changed sources. */
export const SWITCH = "$mutant";
export const TICK = "$tick";

/** Text that is put around a part of the source, or in its place. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/**
 * The source with all its changes in it, each behind a switch: `(switch(7) ? changed : original)`. So that a change that
 * makes a loop endless can be stopped, each turn of a loop is counted.
 */
export function withSwitches(
  path: string,
  text: string,
  mutations: readonly (Mutation & { id: number })[],
): string {
  const edits: Edit[] = [];
  visit(parse(path, text), undefined, (node) => {
    if (!/^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type) || !("body" in node)) return;
    const { start, end } = node.body as Node;
    edits.push({ start, end, before: `{${TICK}();`, after: "}" });
  });
  return apply(text, [...edits, ...mutations.map((mutation) => edit(mutation, text))]);
}

function edit({ id, start, end, instead, kind }: Mutation & { id: number }, text: string): Edit {
  const on = `${SWITCH}(${id})`;
  if (kind === "expression") return { start, end, before: `(${on}?(${instead}):(`, after: "))" };
  // In braces of its own: an `else` that follows is not its.
  if (kind === "statement") return { start, end, before: `{if(!${on}){`, after: "}}" };
  // `a.some(b)` and `a?.some(b)` become `a[…](b)` and `a?.[…](b)`.
  const from = text.slice(0, start).endsWith("?.") ? start : start - 1;
  const before = `[${on}?"${instead}":"${text.slice(start, end)}"]`;
  return { start: from, end, before: `${before}/*`, after: "*/" };
}

/** Edits are nested or apart: what begins first ends last. */
function apply(text: string, edits: readonly Edit[]): string {
  const outerFirst = [...edits].sort((a, b) => a.start - b.start || b.end - a.end);
  const open: Edit[] = [];
  let done = 0;
  let result = "";
  const copyTo = (end: number) => {
    result += text.slice(done, end);
    done = end;
  };
  const closeTo = (position: number) => {
    for (let last = open.at(-1); last !== undefined && last.end <= position; last = open.at(-1)) {
      copyTo(last.end);
      result += last.after;
      open.pop();
    }
  };
  for (const each of outerFirst) {
    closeTo(each.start);
    copyTo(each.start);
    result += each.before;
    open.push(each);
  }
  closeTo(text.length);
  copyTo(text.length);
  return result;
}
