import type { Figures } from "./stage.ts";

/** One line of the table. */
export interface Row {
  readonly figure: string;
  /** As the load calls it. */
  readonly name: string;
  readonly unit: "µs" | "ms" | "/s" | "MB" | "%";
  readonly target?: {
    /** The most or the least that is aimed for, in the row's unit. */
    readonly bound: "≤" | "≥";
    readonly value: number;
    /** And at most so many times the floor. */
    readonly timesFloor?: number;
  };
}

/** What a few channels that are busy show. */
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
    target: { bound: "≥", value: 250_000 },
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
    target: { bound: "≥", value: 250_000 },
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

/** What a few channels show while a process spins on every CPU. */
export const BUSY_ROWS: readonly Row[] = [
  { figure: "every CPU busy: request → file, p50", name: "busy.file.p50", unit: "µs" },
  {
    figure: "every CPU busy: request → file, p99",
    name: "busy.file.p99",
    unit: "µs",
    target: { bound: "≤", value: 150 },
  },
  {
    figure: "every CPU busy: request → file, p99.9",
    name: "busy.file.p999",
    unit: "µs",
    target: { bound: "≤", value: 1000 },
  },
];

/** What a guest that sends without end costs the others. Every CPU is busy all the time. */
export const FLOOD_ROWS: readonly Row[] = [
  { figure: "every CPU busy, no flood: request → reply, p99", name: "quiet.reply.p99", unit: "µs" },
  ...floodRows("a guest floods"),
];

/** The same if its contract has no limit of requests. */
export const UNBOUNDED_FLOOD_ROWS: readonly Row[] = floodRows("a guest floods without limits");

function floodRows(what: string): Row[] {
  return [
    { figure: `${what}: request → reply of another, p99`, name: "flood.reply.p99", unit: "µs" },
    { figure: `${what}: of one CPU`, name: "flood.cpu", unit: "%" },
  ];
}

/** What one channel at rest shows, before and after it was busy. */
export const REST_ROWS: readonly Row[] = [
  { figure: "memory, one VM", name: "rest.memory", unit: "MB", target: { bound: "≤", value: 34 } },
  { figure: "memory, one VM, after a flood", name: "flooded.memory", unit: "MB" },
  { figure: "memory, one VM, after a flood and a rest", name: "later.memory", unit: "MB" },
  {
    figure: "idle, one VM: context switches",
    name: "idle.wakeups",
    unit: "/s",
    target: { bound: "≤", value: 1 },
  },
  { figure: "idle, one VM: of one CPU", name: "idle.cpu", unit: "%", target: { bound: "≤", value: 0.03 } },
];

/** What thousands of channels that are mostly still show. */
export const MANY_ROWS: readonly Row[] = [
  {
    figure: "start → READY, 4,000 channels",
    name: "many.ready",
    unit: "ms",
    target: { bound: "≤", value: 250 },
  },
  {
    figure: "killed, started → READY",
    name: "restart.ready",
    unit: "ms",
    target: { bound: "≤", value: 250 },
  },
  {
    figure: "killed, started → all 4,000 served",
    name: "restart.served",
    unit: "ms",
    target: { bound: "≤", value: 1000 },
  },
  { figure: "burst of 4,000, the first", name: "burst.first", unit: "ms" },
  { figure: "burst of 4,000, later", name: "burst", unit: "ms" },
  { figure: "memory, 500 VMs × 8", name: "memory", unit: "MB", target: { bound: "≤", value: 60 } },
  { figure: "  of it not file pages", name: "memory.anonymous", unit: "MB" },
  {
    figure: "idle, 4,000 channels: context switches",
    name: "idle.wakeups",
    unit: "/s",
    target: { bound: "≤", value: 1 },
  },
  {
    figure: "idle, 4,000 channels: of one CPU",
    name: "idle.cpu",
    unit: "%",
    target: { bound: "≤", value: 0.03 },
  },
];

/** The medians of several runs, by name. */
export function medians(runs: readonly Figures[]): Figures {
  const names = [...new Set(runs.flatMap((figures) => [...figures.keys()]))];
  return new Map(names.map((name) => [name, median(runs.map((figures) => figures.get(name) ?? Number.NaN))]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The cells of a row of a comparison: figure, ours, the older program's, their ratio. */
export function comparedCells(row: Row, ours: Figures, older: Figures): string[] {
  const [mine, before] = [figure(row, ours), figure(row, older)];
  const ratio = mine === undefined || before === undefined || before === 0 ? "" : (mine / before).toFixed(2);
  return [row.figure, show(mine, row.unit), show(before, row.unit), ratio];
}

/** What the bare programs show: the one in C, and the one of our runtime. */
interface Floors {
  readonly floor: Figures;
  readonly runtime: Figures;
}

/** The cells of a row: figure, ours, the floors', our ratio to C's, what is aimed for, and whether that is reached. */
export function cells(row: Row, ours: Figures, { floor, runtime }: Floors): string[] {
  const [mine, least] = [figure(row, ours), figure(row, floor)];
  const ratio = mine === undefined || least === undefined || least === 0 ? undefined : mine / least;
  return [
    row.figure,
    show(mine, row.unit),
    show(figure(row, runtime), row.unit),
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

/** In the row's unit; the load tells times in µs and memory in kB. */
function figure({ name, unit }: Row, figures: Figures): number | undefined {
  const value = figures.get(name);
  return value !== undefined && (unit === "ms" || unit === "MB") ? value / 1000 : value;
}

function show(value: number | undefined, unit: Row["unit"]): string {
  if (value === undefined) return "";
  const digits = unit === "%" ? 3 : unit === "/s" && value > 100 ? 0 : 1;
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text} ${unit}`;
}
