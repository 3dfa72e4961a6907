import { escaped } from "./html.ts";
import { axisText, timeTicks, valueTicks } from "./ticks.ts";

/** What is stacked in a column, from below, and the class of its colour. */
export interface Band {
  readonly name: string;
  readonly className: string;
}

/** One column: a part of the time, and the height of each band. */
interface PlotColumn {
  readonly fromMs: number;
  readonly toMs: number;
  readonly values: readonly number[];
}

/** A plot of stacked columns over time. */
export interface Plot {
  readonly title: string;
  /** What the numbers on its axis are. */
  readonly unit: string;
  readonly bands: readonly Band[];
  readonly columns: readonly PlotColumn[];
  readonly fromMs: number;
  readonly toMs: number;
  /** The top of the axis; where absent, it follows from the columns. */
  readonly top?: number;
  readonly size: { readonly width: number; readonly height: number };
  /** HTML beside the title, in place of the names of the bands. */
  readonly legend?: string;
}

/** Room for the numbers at the left, for times below, and above the highest line. */
const LEFT = 34;
const BELOW = 16;
const ABOVE = 6;

/** The width of a time below the axis. */
const TEXT = 34;

/** Draws a plot as a figure of HTML with an image in SVG. Its text is escaped here. */
export function plotFigure(plot: Plot): string {
  const { title, unit, bands, size } = plot;
  const legend = plot.legend ?? (bands.length < 2 ? "" : bands.map(legendItem).join(""));
  const label = escaped(`${title}, ${unit}`);
  return [
    `<figure><figcaption><b>${escaped(title)}</b> <span class="unit">${escaped(unit)}</span>`,
    `<span class="legend">${legend}</span></figcaption>`,
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${label}">`,
    ...drawing(plot),
    "</svg></figure>",
  ].join("\n");
}

function legendItem({ name, className }: Band): string {
  return `<span class="item"><i class="${className}"></i>${escaped(name)}</span>`;
}

function drawing({ bands, columns, fromMs, toMs, top, size }: Plot): string[] {
  const { width, height } = size;
  const largest = Math.max(0, ...columns.map(({ values }) => values.reduce((sum, each) => sum + each, 0)));
  const marks = valueTicks(top ?? largest);
  const highest = top ?? marks.at(-1) ?? 1;
  const bottom = height - BELOW;
  const x = (ms: number) => LEFT + ((width - LEFT) * (ms - fromMs)) / (toMs - fromMs);
  const y = (value: number) => bottom - ((bottom - ABOVE) * value) / highest;
  const lines = marks.map((mark) => {
    const at = round(y(mark));
    return (
      `<path class="${mark === 0 ? "base" : "grid"}" d="M${LEFT} ${at}H${width}"/>` +
      `<text class="number" x="${LEFT - 6}" y="${round(at + 3)}">${axisText(mark)}</text>`
    );
  });
  const times = timeTicks(fromMs, toMs).map(({ at, text }) => {
    const left = round(x(at));
    const mark = `<path class="grid" d="M${left} ${bottom}v4"/>`;
    return left > width - TEXT
      ? mark
      : `${mark}<text x="${round(left + 3)}" y="${height - 3}">${text}</text>`;
  });
  const paths = bands.map(({ className }, band) => {
    const boxes = columns.flatMap((column) => box(column, band, { x, y, fromMs, toMs }));
    return boxes.length === 0 ? "" : `<path class="${className}" d="${boxes.join("")}"/>`;
  });
  return [...lines.slice(1), ...times, ...paths.filter((path) => path !== ""), lines[0] ?? ""];
}

interface Scales {
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One band of a column, cut at the ends of the plot. */
function box({ fromMs, toMs, values }: PlotColumn, band: number, { x, y, ...plot }: Scales): string[] {
  const value = values[band] ?? 0;
  const [from, to] = [Math.max(fromMs, plot.fromMs), Math.min(toMs, plot.toMs)];
  if (!(value > 0) || to <= from) return [];
  const below = values.slice(0, band).reduce((sum, each) => sum + each, 0);
  const [left, right] = [round(x(from)), round(x(to))];
  const [bottom, upper] = [round(y(below)), round(y(below + value))];
  return [`M${left} ${bottom}H${right}V${upper}H${left}z`];
}

/** To a tenth of a unit: finer is not seen, and makes the file larger. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
