import type { Pcpu } from "../base/domain.ts";
import { byId } from "./dom.ts";
import { Plot } from "./plot.ts";
import type { Lines, SpeedHistory } from "./speed-history.ts";
import type { SpeedScale } from "./speed-scale.ts";

/** The speeds of the last hour: of all CPUs, and of the one that is explained. */
export class SpeedPlots {
  readonly #history: SpeedHistory;
  readonly #clockPlace = byId("why-plot");
  #host: Plot | undefined;
  #clock: Plot | undefined;

  constructor(history: SpeedHistory) {
    this.#history = history;
  }

  /** Draws the speeds of all CPUs. */
  showHost({ minKhz, maxKhz }: SpeedScale, nowMs: number): void {
    this.#host ??= new Plot(byId("speed-plot"), {
      lines: [
        { label: "lowest", colour: "--edge", width: 1, key: "" },
        { label: "highest", colour: "--edge", width: 1, fill: "--edge-fill", isBand: true, key: "range set" },
        { label: "mean set", colour: "--accent", width: 2 },
        { label: "mean real", colour: "--real", dash: [4, 3] },
      ],
      unit: "GHz",
      digits: 3,
      height: 150,
      range: [minKhz / 1e6, maxKhz / 1e6],
      says: hostText,
    });
    this.#host.show(this.#history.host(nowMs));
  }

  /** Draws what was set on one clock. */
  showClock(clock: Pcpu, { minKhz, maxKhz }: SpeedScale, nowMs: number): void {
    this.#clockPlace.hidden = false;
    this.#clock ??= new Plot(this.#clockPlace, {
      lines: [{ label: "set", colour: "--accent", fill: "--accent-fill", width: 1.5 }],
      unit: "GHz",
      digits: 3,
      height: 110,
      range: [minKhz / 1e6, maxKhz / 1e6],
      says: clockText,
    });
    this.#clock.show(this.#history.clock(clock, nowMs));
  }

  /** Draws no single clock until {@link showClock}. */
  hideClock(): void {
    this.#clockPlace.hidden = true;
  }

  /** Draws with other colours. */
  restyle(): void {
    this.#host?.restyle();
    this.#clock?.restyle();
  }
}

function hostText({ values: [low = [], high = [], mean = [], real = []] }: Lines): string {
  const [lowest, set, highest, now] = [low, mean, high, real].map((line) => line.at(-1));
  const told = now == null ? "" : `${now.toFixed(3)} GHz real`;
  if (set == null || lowest == null || highest == null) return `No speed is set${told && `; ${told}`}`;
  return `Mean ${set.toFixed(3)} GHz set, ${lowest.toFixed(3)} to ${highest.toFixed(3)}${told && `; ${told}`}`;
}

function clockText({ values: [line = []] }: Lines): string {
  const known = line.filter((value) => value !== null);
  if (known.length === 0) return "No speed was set in the last hour that is remembered";
  const now = line.at(-1);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `${now == null ? "Its own settings" : `${now.toFixed(3)} GHz`} now, ${low.toFixed(3)} to ${high.toFixed(3)} GHz in the last hour`;
}
