import { expect, test } from "bun:test";
import fc from "fast-check";
import { exposition, type Family } from "../../src/metrics/openmetrics.ts";

const FAMILIES: readonly Family[] = [
  { name: "a_requests", type: "counter", help: "Requests.", samples: [{ labels: { vm: "web1" }, value: 3 }] },
  { name: "a_start_time_seconds", type: "gauge", help: "Start.", samples: [{ value: 1.5 }] },
  { name: "a_none", type: "gauge", help: "Nothing.", samples: [] },
  {
    name: "a_duration_seconds",
    type: "histogram",
    help: "How long.",
    series: [
      {
        labels: { vm: "web1" },
        buckets: [
          { end: 0.000_001, count: 1 },
          { end: Number.POSITIVE_INFINITY, count: 4 },
        ],
        sum: 0.25,
      },
    ],
  },
];

test("exposition() writes OpenMetrics", () => {
  expect(exposition(FAMILIES, "openmetrics")).toBe(`# TYPE a_requests counter
# HELP a_requests Requests.
a_requests_total{vm="web1"} 3
# TYPE a_start_time_seconds gauge
# UNIT a_start_time_seconds seconds
# HELP a_start_time_seconds Start.
a_start_time_seconds 1.5
# TYPE a_duration_seconds histogram
# UNIT a_duration_seconds seconds
# HELP a_duration_seconds How long.
a_duration_seconds_bucket{vm="web1",le="0.000001"} 1
a_duration_seconds_bucket{vm="web1",le="+Inf"} 4
a_duration_seconds_sum{vm="web1"} 0.25
a_duration_seconds_count{vm="web1"} 4
# EOF
`);
});

test("exposition() writes the older Prometheus format for node_exporter", () => {
  expect(exposition(FAMILIES.slice(0, 2), "prometheus")).toBe(`# TYPE a_requests_total counter
# HELP a_requests_total Requests.
a_requests_total{vm="web1"} 3
# TYPE a_start_time_seconds gauge
# HELP a_start_time_seconds Start.
a_start_time_seconds 1.5
`);
});

test("no name of a VM breaks out of its quotes, or its line", () => {
  const name = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(name, (vm) => {
      const text = exposition(
        [{ name: "a", type: "gauge", help: "x", samples: [{ labels: { vm }, value: 1 }] }],
        "prometheus",
      );
      expect(text.split("\n").slice(2)).toEqual([
        expect.stringMatching(/^a\{vm="(?:[^"\\]|\\[\\"n])*"\} 1$/u),
        "",
      ]);
      expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    }),
  );
  const sample = {
    name: "a",
    type: "gauge",
    help: "x",
    samples: [{ labels: { vm: 'a"b\\c\nd\x1b' }, value: 1 }],
  } as const;
  expect(exposition([sample], "prometheus").split("\n")[2]).toBe('a{vm="a\\"b\\\\c\\nd\\\\x1b"} 1');
});
