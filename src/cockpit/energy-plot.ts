import type { Energy, EnergyPoint, Saved } from "../admin/control-types.ts";
import { byId, setText } from "./dom.ts";
import { Plot } from "./plot.ts";
import type { Lines } from "./speed-history.ts";

const MINUTE_MS = 60_000;

/** The host's power in the last hour: without work, of its own tasks, of its VMs. */
export class EnergyPlot {
  readonly #plot = new Plot(byId("power-plot"), {
    lines: [
      { label: "idle", colour: "--idle", fill: "--idle-fill" },
      { label: "and host", colour: "--host", fill: "--host-fill", isBand: true },
      { label: "and VMs", colour: "--accent", fill: "--accent-fill", isBand: true },
    ],
    unit: "W",
    digits: 1,
    height: 150,
    range: [0, 1],
    says: powerText,
  });

  /** Draws the power at each point. */
  show(points: readonly EnergyPoint[], energy: Energy): void {
    this.#plot.show(linesOf(points));
    setText(byId("energy-note"), noteOf(energy));
  }

  /** Draws with other colours. */
  restyle(): void {
    this.#plot.restyle();
  }
}

/** The mean power of a point, in watts. */
export function wattsOf({ fromMs, toMs, joules }: EnergyPoint): number {
  return (1000 * joules) / Math.max(1, toMs - fromMs);
}

/** Each area lies on the one before it. A minute that is not known is a gap. */
function linesOf(points: readonly EnergyPoint[]): Lines {
  const times: number[] = [];
  const values: (number | null)[][] = [[], [], []];
  const add = (atMs: number, each: readonly (number | null)[]) => {
    times.push(atMs / 1000);
    for (const [i, value] of each.entries()) values[i]?.push(value);
  };
  let endMs: number | undefined;
  for (const point of points) {
    const { fromMs, toMs, joules, idleJoules, hostJoules } = point;
    if (endMs !== undefined && fromMs - endMs > MINUTE_MS) add(endMs + 1, [null, null, null]);
    const watts = (each: number) => wattsOf({ ...point, joules: each });
    const areas = [watts(idleJoules), watts(idleJoules + hostJoules), watts(joules)];
    add(fromMs, areas);
    endMs = toMs;
    if (point === points.at(-1)) add(toMs, areas);
  }
  return { times, values };
}

function powerText({ values: [, , all = []] }: Lines): string {
  const known = all.filter((value) => value !== null);
  const now = known.at(-1);
  if (now === undefined) return "No power is known yet";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `${now.toFixed(1)} W in the last minute, ${low.toFixed(1)} to ${high.toFixed(1)} W in the last hour`;
}

function noteOf({ joules, meteredJoules, meters, savedBaseline, savedUnknown, problem }: Energy): string {
  const part = joules > 0 ? Math.round((100 * meteredJoules) / joules) : 0;
  const source = part === 0 ? "Modelled, without a meter" : `${part} % metered by ${meters.join(", ")}`;
  const saved =
    savedBaseline === undefined
      ? `What was saved is not known${savedUnknown === undefined ? "" : `: ${savedUnknown}`}`
      : `Saved ${savedText(savedBaseline)}`;
  return [source, ...(problem === undefined ? [] : [problem]), saved].join(". ");
}

/** What was saved is never told without its interval. */
function savedText({ joules, low, high }: Saved): string {
  const kilo = (each: number) => (each / 1000).toFixed(1);
  return `${kilo(joules)} kJ (95 %: ${kilo(low)} to ${kilo(high)})`;
}
