import type { Cpu, Load } from "../admin/control-types.ts";
import type { Pcpu } from "../base/domain.ts";
import { formatGhz, formatKhz } from "../base/format-khz.ts";
import { count, printable } from "../terminal/text.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { keepReachable, makeRoving } from "./roving.ts";
import { type SpeedScale, STEPS, scaleOf } from "./speed-scale.ts";
import { shortened, type Tile, tilesOf } from "./tile.ts";

const TILE = ".tile";

/** Sizes of tiles, up to which number of CPUs they are used, and how many characters of a name they hold. */
const SIZES = [
  { size: "large", cpusMax: 24, nameMax: 14 },
  { size: "middle", cpusMax: 96, nameMax: 10 },
  { size: "small", cpusMax: Number.POSITIVE_INFINITY, nameMax: 0 },
] as const;

/** A tile on the page. */
interface Drawn {
  readonly button: HTMLButtonElement;
  readonly speed: HTMLElement;
  readonly who: HTMLElement;
  readonly marks: HTMLElement;
  tile: string;
}

/** The CPUs of the host, by socket and by clock. Only tiles that changed are drawn again. */
export class CpuMap {
  readonly #place = byId("cpu-map");
  readonly #legend = byId("cpu-legend");
  readonly #onChoice: (cpu: Pcpu) => void;
  readonly #drawn = new Map<Pcpu, Drawn>();
  readonly #headings = new Map<number | undefined, HTMLElement>();
  /** The sockets, clocks and CPUs that there are. With others everything is drawn anew. */
  #shape = "";
  #size: (typeof SIZES)[number] = SIZES[0];
  #legendText = "";
  #chosen: Pcpu | undefined;

  constructor(onChoice: (cpu: Pcpu) => void) {
    this.#onChoice = onChoice;
    makeRoving(this.#place, TILE);
  }

  /** Draws the CPUs as they are now. */
  show(cpus: readonly Cpu[], load: Load): void {
    const scale = scaleOf(cpus);
    const sockets = tilesOf(cpus, load, scale);
    const shape = JSON.stringify(
      sockets.map(({ socket, clocks }) => [socket, clocks.map(({ tiles }) => tiles.map(({ pcpu }) => pcpu))]),
    );
    if (shape !== this.#shape) this.#build(sockets, cpus.length);
    this.#shape = shape;
    for (const { socket, clocks, meanKhz } of sockets) {
      const heading = this.#headings.get(socket);
      if (heading !== undefined && meanKhz !== undefined) setText(heading, `mean ${formatKhz(meanKhz)}`);
      for (const { tiles } of clocks) for (const tile of tiles) this.#draw(tile);
    }
    this.#showLegend(scale);
    keepReachable(this.#place, TILE);
  }

  /** Marks the CPU that is explained. */
  mark(chosen: Pcpu | undefined): void {
    if (this.#chosen !== undefined)
      this.#drawn.get(this.#chosen)?.button.setAttribute("aria-pressed", "false");
    this.#chosen = chosen;
    if (chosen !== undefined) this.#drawn.get(chosen)?.button.setAttribute("aria-pressed", "true");
  }

  #build(sockets: ReturnType<typeof tilesOf>, number: number): void {
    this.#drawn.clear();
    this.#headings.clear();
    this.#size = SIZES.find(({ cpusMax }) => number <= cpusMax) ?? SIZES[0];
    this.#place.className = this.#size.size;
    this.#place.replaceChildren(
      ...sockets.map(({ socket, clocks }) => {
        const mean = element("span", { class: "quiet" });
        this.#headings.set(socket, mean);
        const cpus = clocks.reduce((sum, { tiles }) => sum + tiles.length, 0);
        const name = socket === undefined ? "Socket not known" : `Socket ${socket}`;
        const title = element("h3", { text: name, children: [] });
        title.append(element("span", { class: "quiet", text: count(cpus, "CPU") }), mean);
        const groups = clocks.map(({ tiles }) => this.#buildClock(tiles));
        return element("section", {
          class: "socket",
          children: [title, element("div", { class: "clocks", children: groups })],
        });
      }),
    );
    this.mark(this.#chosen);
  }

  #buildClock(tiles: readonly Tile[]): HTMLElement {
    const clock = element("div", {
      class: "clock",
      children: tiles.map(({ pcpu }) => this.#buildTile(pcpu)),
    });
    if (tiles.length === 1) return clock;
    clock.classList.add("shared");
    setAttribute(clock, "role", "group");
    setAttribute(clock, "aria-label", `One clock: CPU ${tiles.map(({ pcpu }) => pcpu).join(", ")}`);
    return clock;
  }

  #buildTile(pcpu: Pcpu): HTMLElement {
    const speed = element("span", { class: "speed" });
    const who = element("span", { class: "who" });
    const marks = element("span", { class: "marks", attributes: { "aria-hidden": "true" } });
    const heard = (text: string) => element("span", { class: "heard", text });
    const button = element("button", {
      attributes: { type: "button", tabindex: "-1", "aria-pressed": "false" },
      children: [
        heard("CPU "),
        element("span", { class: "number", text: `${pcpu}` }),
        marks,
        speed,
        heard(" GHz "),
        who,
      ],
    });
    button.addEventListener("click", () => this.#onChoice(pcpu));
    this.#drawn.set(pcpu, { button, speed, who, marks, tile: "" });
    return button;
  }

  #draw(tile: Tile): void {
    const drawn = this.#drawn.get(tile.pcpu);
    const text = JSON.stringify(tile);
    if (drawn === undefined || drawn.tile === text) return;
    drawn.tile = text;
    const { button, speed, who, marks } = drawn;
    const real = tile.step === undefined ? "" : ` s${tile.step}`;
    const set = tile.setStep === undefined ? "" : ` g${tile.setStep}`;
    setAttribute(button, "class", `tile ${tile.kind}${real}${set}`);
    // To screen readers it is the description; the name is what the tile shows.
    setAttribute(button, "title", tile.says);
    setText(speed, tile.speed);
    setText(who, shortened(printable(tile.who), this.#size.nameMax));
    setText(marks, `${tile.bounded ? "▾" : ""}${tile.held ? "●" : ""}`);
  }

  #showLegend({ minKhz, maxKhz }: SpeedScale): void {
    const text = `${minKhz} ${maxKhz}`;
    if (maxKhz === 0 || text === this.#legendText) return;
    this.#legendText = text;
    const colours = Array.from({ length: STEPS }, (_, step) => element("i", { class: `s${step}` }));
    this.#legend.replaceChildren(
      element("span", { text: formatGhz(minKhz) }),
      element("span", { class: "ramp", attributes: { "aria-hidden": "true" }, children: colours }),
      element("span", { text: `${formatGhz(maxKhz)} GHz` }),
    );
  }
}
