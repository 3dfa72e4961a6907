import { printable } from "../terminal/text.ts";

/** What an element is made with. Texts are shown as they are, never read as markup. */
interface Parts {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly Node[];
}

/** Makes an element. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  parts: Parts = {},
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (parts.class !== undefined) made.className = parts.class;
  for (const [key, value] of Object.entries(parts.attributes ?? {})) made.setAttribute(key, value);
  if (parts.text !== undefined) setText(made, parts.text);
  if (parts.children !== undefined) made.append(...parts.children);
  return made;
}

/** Sets a text, if it is another one. Characters that reorder or hide a part of a line become escapes. */
export function setText(node: Element, text: string): void {
  const safe = printable(text);
  if (node.textContent !== safe) node.textContent = safe;
}

/** Sets an attribute, if it is another one; undefined removes it. */
export function setAttribute(node: Element, name: string, value: string | undefined): void {
  if (value === undefined) node.removeAttribute(name);
  else {
    const safe = printable(value);
    if (node.getAttribute(name) !== safe) node.setAttribute(name, safe);
  }
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}"`);
  return found;
}
