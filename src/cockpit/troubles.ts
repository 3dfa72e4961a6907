import type { Trouble } from "../ctl/trouble.ts";
import { byId, element } from "./dom.ts";

/** The most troubles that are drawn. */
const SHOWN_MAX = 8;

let shown = "";

/** Draws what is wrong, each with its remedy; nothing if nothing is. What ends by itself is less bad. */
export function showTroubles(troubles: readonly Trouble[], mood: "bad" | "busy" = "bad"): void {
  const text = JSON.stringify([troubles, mood]);
  if (text === shown) return;
  shown = text;
  const place = byId("troubles");
  const more = troubles.length - SHOWN_MAX;
  place.replaceChildren(
    ...troubles.slice(0, SHOWN_MAX).map(({ what, remedy }) =>
      element("li", {
        children: [
          element("span", { text: what }),
          ...(remedy === undefined ? [] : [element("code", { text: remedy })]),
        ],
      }),
    ),
    ...(more > 0 ? [element("li", { text: `${more} more: vmpowerctl status names them` })] : []),
  );
  place.className = mood;
  place.hidden = troubles.length === 0;
}
