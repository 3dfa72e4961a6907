/** How far two buttons of one row may differ in height, in pixels. */
const ROW_TOLERANCE = 4;

/**
 * Makes a group of buttons one stop of the Tab key, within which arrow keys, Home and End move. Buttons may come and go:
 * what was focused last is where the next Tab leads.
 */
export function makeRoving(group: HTMLElement, selector: string): void {
  const buttons = () => [...group.querySelectorAll<HTMLElement>(selector)];
  group.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches(selector)) return;
    for (const other of group.querySelectorAll<HTMLElement>(`${selector}[tabindex="0"]`)) other.tabIndex = -1;
    target.tabIndex = 0;
  });
  group.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (!(target instanceof HTMLElement) || !target.matches(selector)) return;
    const next = neighbour(buttons(), target, key);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
}

/** Lets Tab reach the group, if what it reached before is gone. */
export function keepReachable(group: HTMLElement, selector: string): void {
  if (group.querySelector(`${selector}[tabindex="0"]`) !== null) return;
  const first = group.querySelector<HTMLElement>(selector);
  if (first !== null) first.tabIndex = 0;
}

function neighbour(all: readonly HTMLElement[], from: HTMLElement, key: string): HTMLElement | undefined {
  const at = all.indexOf(from);
  switch (key) {
    case "ArrowRight":
      return all[at + 1];
    case "ArrowLeft":
      return all[at - 1];
    case "ArrowDown":
      return nearestInRow(all.slice(at + 1), from);
    case "ArrowUp":
      return nearestInRow(all.slice(0, at).reverse(), from);
    case "Home":
      return all[0];
    case "End":
      return all.at(-1);
    default:
      return undefined;
  }
}

/** Of the first other row among these, the button whose middle is nearest. */
function nearestInRow(others: readonly HTMLElement[], from: HTMLElement): HTMLElement | undefined {
  const own = from.getBoundingClientRect();
  const placed = others.map((button) => ({ button, box: button.getBoundingClientRect() }));
  const row = placed.find(({ box }) => Math.abs(box.top - own.top) > ROW_TOLERANCE)?.box.top;
  if (row === undefined) return undefined;
  const away = ({ left, width }: DOMRect) => Math.abs(left + width / 2 - own.left - own.width / 2);
  return placed
    .filter(({ box }) => Math.abs(box.top - row) <= ROW_TOLERANCE)
    .sort((a, b) => away(a.box) - away(b.box))[0]?.button;
}
