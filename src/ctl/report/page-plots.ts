import type { EnergyPoint, UsagePoint } from "../../admin/control-types.ts";
import { type Band, type Plot, plotFigure } from "./plot.ts";
import type { Report } from "./report.ts";
import { SPEED_BANDS, speedLegend, speedParts, speedRange } from "./speeds.ts";

const WIDE = { width: 860, height: 150 };
const HALF = { width: 414, height: 120 };

const HOUR_MS = 3_600_000;

/** The plots of a report, as far as there is something to plot. */
export function reportPlots(report: Report): string {
  const { energy, usage } = report;
  const wide = [
    ...(energy?.points === undefined ? [] : [powerPlot(report, energy.points)]),
    ...(usage.points.length === 0 ? [] : [speedPlot(report)]),
  ].map((plot) => plotFigure({ ...plot, size: WIDE }).replace("<figure>", '<figure class="wide">'));
  const half = usage.points.length === 0 ? [] : [requestPlot, limitPlot, latencyPlot, driftPlot];
  const halves = half.map((plot) => plotFigure({ ...plot(report), size: HALF }));
  return `<section class="plots">${[...wide, ...halves].join("\n")}</section>`;
}

type Sizeless = Omit<Plot, "size">;

function powerPlot({ fromMs, toMs, vm }: Report, points: readonly EnergyPoint[]): Sizeless {
  const vms: Band = { name: vm === undefined ? "VMs" : "this VM", className: "vms" };
  const others = [
    { name: "host's own tasks", className: "host" },
    { name: "idle", className: "idle" },
  ];
  return {
    title: "Power",
    unit: "W",
    ...{ fromMs, toMs },
    bands: vm === undefined ? [...others.toReversed(), vms] : [vms],
    columns: points.map((point) => {
      const seconds = Math.max(1, (point.toMs - point.fromMs) / 1000);
      const joules =
        vm === undefined ? [point.idleJoules, point.hostJoules, point.vmJoules] : [point.vmJoules];
      return { fromMs: point.fromMs, toMs: point.toMs, values: joules.map((each) => each / seconds) };
    }),
  };
}

function speedPlot({ fromMs, toMs, vm, usage }: Report): Sizeless {
  const range = speedRange(usage.points.flatMap(({ states }) => states));
  return {
    title: vm === undefined ? "Time of CPUs by speed" : "Time of vCPUs by speed",
    unit: "%",
    ...{ fromMs, toMs, top: 100 },
    bands: SPEED_BANDS,
    columns: usage.points.map((point) => ({ ...spanOf(point), values: speedParts(point.states, range) })),
    legend: speedLegend(range),
  };
}

function requestPlot(report: Report): Sizeless {
  return perHour(report, {
    title: "Requests",
    bands: [{ name: "granted", className: "granted" }],
    of: ({ granted, bounded, held, refused }) => [granted + bounded + held + refused],
  });
}

function limitPlot(report: Report): Sizeless {
  return perHour(report, {
    title: "Not as asked",
    bands: (["bounded", "held", "refused"] as const).map((name) => ({ name, className: name })),
    of: ({ bounded, held, refused }) => [bounded, held, refused],
  });
}

function latencyPlot({ fromMs, toMs, vm, usage }: Report): Sizeless {
  return {
    title: vm === undefined ? "Slowest VM, p99" : "Latency, p99",
    unit: "µs",
    ...{ fromMs, toMs },
    bands: [{ name: "p99", className: "vms" }],
    columns: usage.points.map((point) => ({ ...spanOf(point), values: [point.p99Us ?? 0] })),
  };
}

function driftPlot(report: Report): Sizeless {
  return perHour(report, {
    title: "Disturbances",
    bands: [
      { name: "other programs", className: "bounded" },
      { name: "refused", className: "refused" },
    ],
    of: ({ drifts, writesRefused }) => [drifts, writesRefused],
  });
}

interface Counted {
  readonly title: string;
  readonly bands: readonly Band[];
  readonly of: (point: UsagePoint) => number[];
}

function perHour({ fromMs, toMs, usage }: Report, { title, bands, of }: Counted): Sizeless {
  return {
    ...{ title, bands, fromMs, toMs },
    unit: "per hour",
    columns: usage.points.map((point) => {
      const hours = (point.toMs - point.fromMs) / HOUR_MS;
      return { ...spanOf(point), values: of(point).map((each) => each / hours) };
    }),
  };
}

function spanOf({ fromMs, toMs }: UsagePoint): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs, toMs };
}
