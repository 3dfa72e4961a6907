import uPlot from "uplot";
import { formatTimeOfDay } from "../terminal/text.ts";
import { element, setAttribute, setText } from "./dom.ts";
import type { Lines } from "./speed-history.ts";

/** A plot is at least so long, in s. */
const SPAN_MIN = 5 * 60;

/** A line of a plot. Its colours are custom properties of the style sheet. */
interface PlotLine {
  readonly label: string;
  readonly colour: string;
  /** The colour of the area below it; with isBand down to the line before it. */
  readonly fill?: string;
  readonly isBand?: boolean;
  readonly width?: number;
  readonly dash?: number[];
  /** Its name in the key, if that is another one; nothing if it is not named there. */
  readonly key?: string;
}

/** What a {@link Plot} shows. */
interface PlotOptions {
  readonly lines: readonly PlotLine[];
  readonly unit: string;
  readonly digits: number;
  readonly height: number;
  /** The least range of the axis, as far as the values lie within it. */
  readonly range: readonly [number, number];
  /** The text below: for those who do not see the plot, and for everybody where the pointer is not. */
  readonly says: (lines: Lines) => string;
}

/** A plot of the last hour. */
export class Plot {
  readonly #place: HTMLElement;
  readonly #options: PlotOptions;
  readonly #canvas = element("div", { class: "canvas", attributes: { role: "img" } });
  readonly #text = element("p", { class: "reading" });
  #plot: uPlot | undefined;
  #lines: Lines = { times: [], values: [] };

  constructor(place: HTMLElement, options: PlotOptions) {
    this.#place = place;
    this.#options = options;
    // What is below does not move when it is drawn.
    this.#canvas.style.minHeight = `${options.height}px`;
    place.append(this.#canvas, this.#text);
    if (options.lines.length > 1)
      place.parentElement?.querySelector(".heading")?.append(keyOf(options.lines));
    new ResizeObserver(() => this.#fit()).observe(place);
  }

  /** Draws these lines. */
  show(lines: Lines): void {
    this.#lines = lines;
    const data = [lines.times, ...lines.values] as uPlot.AlignedData;
    if (this.#plot !== undefined) this.#plot.setData(data);
    else if (lines.times.length > 0) this.#make(data);
    setAttribute(this.#canvas, "aria-label", this.#options.says(lines));
    this.#read();
  }

  /** Draws anew, with the colours that hold now. */
  restyle(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    if (this.#lines.times.length > 0) this.show(this.#lines);
  }

  #make(data: uPlot.AlignedData): void {
    const { lines, height, range } = this.#options;
    const colour = styleOf(this.#place);
    const axis = {
      stroke: colour("--quiet"),
      font: "11px 'Red Hat Text', system-ui, sans-serif",
      ticks: { show: false },
    };
    const grid = { stroke: colour("--line"), width: 1 };
    // Each value holds until the next one.
    const path = uPlot.paths.stepped?.({ align: 1 });
    this.#plot = new uPlot(
      {
        width: this.#place.clientWidth,
        height,
        padding: [8, 16, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
        scales: {
          x: { range: (_plot, min, max) => [Math.min(min, max - SPAN_MIN), max] },
          y: { range: (_plot, min, max) => [Math.min(range[0], min), Math.max(range[1], max * 1.05)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 22,
            space: 60,
            values: (_plot, splits) => splits.map(hourOf),
          },
          { ...axis, grid, size: 38, space: 28 },
        ],
        series: [
          {},
          ...lines.map(({ colour: name, fill, width = 1.5, dash = [], isBand = false }) => ({
            stroke: colour(name),
            width,
            dash,
            points: { show: false },
            ...(fill === undefined || isBand ? {} : { fill: colour(fill) }),
            ...(path === undefined ? {} : { paths: path }),
          })),
        ],
        bands: lines.flatMap(({ fill, isBand }, i) =>
          isBand === true && fill !== undefined
            ? [{ series: [i + 1, i] as uPlot.Band.Bounds, fill: colour(fill) }]
            : [],
        ),
        hooks: { setCursor: [() => this.#read()] },
      },
      data,
      this.#canvas,
    );
  }

  /** Tells the values below the pointer; without one, the text about all. */
  #read(): void {
    const { lines, unit, digits, says } = this.#options;
    const at = this.#plot?.cursor.idx;
    const time = at == null ? undefined : this.#lines.times[at];
    if (at == null || time === undefined) return setText(this.#text, says(this.#lines));
    const values = lines.flatMap(({ label }, i) => {
      const value = this.#lines.values[i]?.[at];
      return value == null ? [] : [`${label} ${value.toFixed(digits)} ${unit}`];
    });
    setText(this.#text, `${formatTimeOfDay(time * 1000)}  ${values.join(", ") || "nothing known"}`);
  }

  #fit(): void {
    const width = this.#place.clientWidth;
    if (this.#plot !== undefined && width > 0 && width !== this.#plot.width)
      this.#plot.setSize({ width, height: this.#options.height });
  }
}

/** Which line is which. */
function keyOf(lines: readonly PlotLine[]): HTMLElement {
  const keys = lines.flatMap(({ label, colour, dash, key = label }) => {
    if (key === "") return [];
    const sample = element("i");
    sample.style.borderTopColor = `var(${colour})`;
    if (dash !== undefined) sample.style.borderTopStyle = "dashed";
    return [element("span", { children: [sample, document.createTextNode(key)] })];
  });
  return element("div", { class: "lines", attributes: { "aria-hidden": "true" }, children: keys });
}

function styleOf(place: HTMLElement): (name: string) => string {
  const style = getComputedStyle(place);
  return (name) => style.getPropertyValue(name).trim();
}

function hourOf(time: number): string {
  return formatTimeOfDay(time * 1000).slice(0, 5);
}
