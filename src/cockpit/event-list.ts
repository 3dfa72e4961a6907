import type { Event } from "../admin/control-types.ts";
import { count, formatTimeOfDay } from "../terminal/text.ts";
import type { EventReply } from "./connection.ts";
import { byId, element } from "./dom.ts";

/** Events that are kept on the page. */
const KEPT_MAX = 200;

/** New events are drawn together after so many ms, however many come. */
const DRAW_MS = 400;

/** What happens, the newest first. */
export class EventList {
  readonly #place = byId("event-list");
  readonly #requests = byId("event-requests") as HTMLInputElement;
  #waiting: HTMLElement[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    // They would push everything else out of what is kept.
    this.#requests.addEventListener("change", () => {
      if (this.#requests.checked) return;
      this.#draw();
      for (const item of this.#place.querySelectorAll(".request")) item.remove();
    });
  }

  /** Shows what happened before the page was opened, the oldest first. */
  begin(events: readonly Event[]): void {
    this.#waiting = [];
    this.#place.replaceChildren(...events.slice(-KEPT_MAX).reverse().map(itemOf));
  }

  /** Adds an event as it happens. */
  add({ event, lost }: EventReply): void {
    if (lost > 0)
      this.#waiting.push(element("li", { class: "quiet", text: `${count(lost, "event")} lost here` }));
    if (event.kind === "request" && !this.#requests.checked) return;
    this.#waiting.push(itemOf(event));
    // More than are kept need not be made.
    if (this.#waiting.length > KEPT_MAX) this.#waiting.shift();
    this.#timer ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#place.prepend(...this.#waiting.reverse());
    this.#waiting = [];
    while (this.#place.childElementCount > KEPT_MAX) this.#place.lastElementChild?.remove();
  }
}

function itemOf({ atMs, kind, message, vm, vcpu, accepted, outcome, of = 1 }: Event): HTMLElement {
  // Most messages name their VM already.
  const where =
    vm === undefined || message.includes(vm) ? "" : `${vm}${vcpu === undefined ? "" : `:${vcpu}`} `;
  const times = of > 1 && kind === "request" ? ` (one of ${of})` : "";
  const bad = accepted === false || outcome === "refused" ? " bad" : "";
  return element("li", {
    class: `${kind}${bad}`,
    children: [
      element("time", { text: formatTimeOfDay(atMs) }),
      element("span", { class: "kind", text: kind }),
      element("span", { text: `${where}${message}${times}` }),
    ],
  });
}
