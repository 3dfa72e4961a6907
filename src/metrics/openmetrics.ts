/** Metrics of one kind, with their meaning. */
export type Family = CounterFamily | GaugeFamily | HistogramFamily;

interface Described {
  /** Without `_total`. It ends with its unit, if it has one. */
  readonly name: string;
  readonly help: string;
}

/** A counter: it only grows. */
interface CounterFamily extends Described {
  readonly type: "counter";
  readonly samples: readonly Sample[];
}

/** A gauge: a current value. */
interface GaugeFamily extends Described {
  readonly type: "gauge";
  readonly samples: readonly Sample[];
}

/** A histogram of durations. */
interface HistogramFamily extends Described {
  readonly type: "histogram";
  readonly series: readonly Series[];
}

/** Labels by name. */
export type Labels = Readonly<Record<string, string | number>>;

/** One value. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** Makes a gauge. */
export function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "gauge", help, samples };
}

/** Makes a counter. */
export function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "counter", help, samples };
}

/** One histogram. */
export interface Series {
  readonly labels: Labels;
  /** Cumulative counts for each end; the last one is the total. */
  readonly buckets: readonly { readonly end: number; readonly count: number }[];
  readonly sum: number;
}

/**
 * OpenMetrics 1.0, or the older text format of Prometheus, which node_exporter's textfile collector and old scrapers
 * read.
 */
export type Format = "openmetrics" | "prometheus";

/** The content type over HTTP. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

/** Units that a family's name may end with. */
const UNITS = ["seconds", "hertz", "bytes", "joules"];

/** Formats families; one without values is left out. */
export function exposition(families: readonly Family[], format: Format): string {
  const lines: string[] = [];
  for (const family of families) {
    const { name, type, help } = family;
    if ((family.type === "histogram" ? family.series : family.samples).length === 0) continue;
    const shown = type === "counter" && format === "prometheus" ? `${name}_total` : name;
    lines.push(`# TYPE ${shown} ${type}`);
    const unit = UNITS.find((known) => name.endsWith(`_${known}`));
    if (unit !== undefined && format === "openmetrics") lines.push(`# UNIT ${name} ${unit}`);
    lines.push(`# HELP ${shown} ${escaped(help)}`);
    if (family.type === "histogram") for (const series of family.series) writeSeries(name, series, lines);
    else {
      const suffix = type === "counter" ? "_total" : "";
      for (const { labels, value } of family.samples)
        lines.push(`${name}${suffix}${labelText(labels)} ${number(value)}`);
    }
  }
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function writeSeries(name: string, { labels, buckets, sum }: Series, lines: string[]): void {
  for (const { end, count } of buckets)
    lines.push(`${name}_bucket${labelText({ ...labels, le: number(end) })} ${count}`);
  lines.push(`${name}_sum${labelText(labels)} ${number(sum)}`);
  lines.push(`${name}_count${labelText(labels)} ${buckets.at(-1)?.count ?? 0}`);
}

function labelText(labels: Labels = {}): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(`${value}`)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** Writes characters that a line may not contain as numbers. Labels contain names of VMs. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replace(
      /[\p{Cc}\p{Cs}\u2028\u2029]/gu,
      (char) => `\\\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return `${value}`;
}
