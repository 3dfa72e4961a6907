import { SORT_KEYS, type SortKey } from "./rows.ts";

/** The state of a live view that keys change. */
export interface Look {
  readonly sort: SortKey;
  readonly reversed: boolean;
  readonly filter: string;
  readonly offset: number;
  /** Whether a filter is being typed. */
  readonly typing: boolean;
  /** Whether the help is shown, until the next key. */
  readonly help: boolean;
  readonly over: boolean;
}

/** Keys that choose the order of rows. */
const SORT_BY: Readonly<Record<string, SortKey>> = {
  v: "vm",
  c: "cpu",
  a: "asked",
  g: "granted",
  n: "actual",
  r: "requests",
  d: "drops",
  p: "p99",
  t: "state",
};

/** The text of the last line. */
export const KEYS_HELP = "q quit  h help  sort: v c a g n r d p t, s next, i reverse  / filter  arrows";

/** Longest filter; no VM has a longer name. */
const FILTER_LENGTH_MAX = 250;

/** Applies a key; `page` is the number of rows that fit, `rows` the number of all rows. */
export function pressed(look: Look, key: string, { page, rows }: { page: number; rows: number }): Look {
  if (key === "close") return { ...look, over: true };
  if (look.help) return { ...look, help: key === "resize", over: key === "q" };
  if (look.typing) return typed(look, key);
  const scrolled = (offset: number) => ({
    ...look,
    offset: Math.max(0, Math.min(offset, Math.max(0, rows - page))),
  });
  const sort = SORT_BY[key];
  if (sort !== undefined) return { ...look, sort, reversed: sort === look.sort ? !look.reversed : false };
  switch (key) {
    case "q":
      return { ...look, over: true };
    case "h":
    case "?":
      return { ...look, help: true };
    case "s":
      return { ...look, sort: nextSort(look.sort), reversed: false };
    case "i":
      return { ...look, reversed: !look.reversed };
    case "/":
      return { ...look, typing: true, filter: "" };
    case "escape":
      return { ...look, filter: "", offset: 0 };
    case "up":
      return scrolled(look.offset - 1);
    case "down":
      return scrolled(look.offset + 1);
    case "pageUp":
      return scrolled(look.offset - page);
    case "pageDown":
    case " ":
      return scrolled(look.offset + page);
    case "home":
      return scrolled(0);
    case "end":
      return scrolled(rows);
    default:
      return look;
  }
}

function typed(look: Look, key: string): Look {
  if (key === "enter") return { ...look, typing: false };
  if (key === "escape") return { ...look, typing: false, filter: "" };
  if (key === "backspace") return { ...look, filter: [...look.filter].slice(0, -1).join(""), offset: 0 };
  if ([...key].length !== 1) return look;
  return { ...look, filter: (look.filter + key).slice(0, FILTER_LENGTH_MAX), offset: 0 };
}

function nextSort(sort: SortKey): SortKey {
  const all = Object.keys(SORT_KEYS) as SortKey[];
  return all[(all.indexOf(sort) + 1) % all.length] ?? sort;
}
