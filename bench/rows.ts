import type { Figures } from "./stage.ts";

/** One line of the table. */
export interface Row {
  readonly figure: string;
  /** Its name in the output of the load. */
  readonly name: string;
  readonly unit: "µs" | "ms" | "/s" | "MB" | "/min" | "%";
  readonly target?: {
    /** The target: the highest or lowest value, in the row's unit. */
    readonly bound: "≤" | "≥";
    readonly value: number;
    /** The target relative to the floor. */
    readonly timesFloor?: number;
  };
}

/** Figures of a few busy channels. */
export const FAST_ROWS: readonly Row[] = [
  {
    figure: "request → file, p50",
    name: "file.p50",
    unit: "µs",
    target: { bound: "≤", value: 20, timesFloor: 1.5 },
  },
  { figure: "request → file, p99", name: "file.p99", unit: "µs", target: { bound: "≤", value: 100 } },
  { figure: "request → file, max", name: "file.max", unit: "µs" },
  { figure: "request → reply, p50", name: "reply.p50", unit: "µs" },
  { figure: "request → reply, p99", name: "reply.p99", unit: "µs" },
  { figure: "request → reply, max", name: "reply.max", unit: "µs" },
  {
    figure: "requests, 1 channel × 32",
    name: "rate.one",
    unit: "/s",
    target: { bound: "≥", value: 200_000 },
  },
  {
    figure: "requests, 64 channels × 1",
    name: "rate.each",
    unit: "/s",
    target: { bound: "≥", value: 200_000 },
  },
  {
    figure: "requests, 64 channels × 32",
    name: "rate.full",
    unit: "/s",
    target: { bound: "≥", value: 200_000 },
  },
  { figure: "CPU per request, 1 channel × 32", name: "rate.one.cpu", unit: "µs" },
  { figure: "CPU per request, 64 channels × 1", name: "rate.each.cpu", unit: "µs" },
  {
    figure: "start → READY, 64 channels",
    name: "few.ready",
    unit: "ms",
    target: { bound: "≤", value: 300 },
  },
];

/** Figures of thousands of mostly idle channels. */
export const MANY_ROWS: readonly Row[] = [
  {
    figure: "start → READY, 4,000 channels",
    name: "many.ready",
    unit: "ms",
    target: { bound: "≤", value: 300 },
  },
  {
    figure: "killed, started → READY",
    name: "restart.ready",
    unit: "ms",
    target: { bound: "≤", value: 300 },
  },
  {
    figure: "killed, started → all 4,000 served",
    name: "restart.served",
    unit: "ms",
    target: { bound: "≤", value: 1000 },
  },
  { figure: "burst of 4,000, the first", name: "burst.first", unit: "ms" },
  { figure: "burst of 4,000, later", name: "burst", unit: "ms" },
  { figure: "memory, 500 VMs × 8", name: "memory", unit: "MB", target: { bound: "≤", value: 64 } },
  { figure: "  of it not file pages", name: "memory.anonymous", unit: "MB" },
  { figure: "idle, wake-ups", name: "idle.wakeups", unit: "/min", target: { bound: "≤", value: 10 } },
  { figure: "idle, of one CPU", name: "idle.cpu", unit: "%" },
];

/** The cells of a row: name, our value, the floor's, their ratio, the target, and whether it is reached. */
export function cells(row: Row, ours: Figures, floor: Figures): string[] {
  const [mine, least] = [figure(row, ours), figure(row, floor)];
  const ratio = mine === undefined || least === undefined || least === 0 ? undefined : mine / least;
  return [
    row.figure,
    show(mine, row.unit),
    show(least, row.unit),
    ratio === undefined ? "" : ratio.toFixed(2),
    aim(row),
    verdict(row, mine, ratio),
  ];
}

function aim({ target, unit }: Row): string {
  if (target === undefined) return "";
  const times = target.timesFloor === undefined ? "" : `, ratio ≤ ${target.timesFloor}`;
  return `${target.bound} ${target.value.toLocaleString("en")} ${unit}${times}`;
}

function verdict({ target }: Row, mine: number | undefined, ratio: number | undefined): string {
  if (target === undefined || mine === undefined) return "";
  const isNear = target.timesFloor === undefined || ratio === undefined || ratio <= target.timesFloor;
  const isReached = target.bound === "≤" ? mine <= target.value : mine >= target.value;
  return isReached && isNear ? "reached" : "missed";
}

/** Converts to the row's unit; the load prints times in µs and memory in kB. */
function figure({ name, unit }: Row, figures: Figures): number | undefined {
  const value = figures.get(name);
  return value !== undefined && (unit === "ms" || unit === "MB") ? value / 1000 : value;
}

function show(value: number | undefined, unit: Row["unit"]): string {
  if (value === undefined) return "";
  const digits = unit === "%" ? 3 : unit === "/s" ? 0 : 1;
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text} ${unit}`;
}
