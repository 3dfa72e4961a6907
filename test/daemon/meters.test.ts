import { expect, test } from "bun:test";
import fc from "fast-check";
import { BUCKETS, bucketEndNs, bucketOf, Histogram, quantileNs } from "../../src/base/histogram.ts";
import { Meter, Meters } from "../../src/daemon/packet/meters.ts";

test("bucketOf() finds the bucket of a duration, and no bucket is wide", () => {
  const times = fc.double({ min: 0, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(times, (ns) => {
      const bucket = bucketOf(ns);
      expect(bucket).toBeWithin(0, BUCKETS);
      expect(ns).toBeLessThan(bucketEndNs(bucket));
      if (bucket > 0) expect(ns).toBeGreaterThanOrEqual(bucketEndNs(bucket - 1));
    }),
  );
  for (let bucket = 1; bucket < BUCKETS - 1; bucket++)
    expect(bucketEndNs(bucket) / bucketEndNs(bucket - 1)).toBeLessThanOrEqual(1.25);
  expect([bucketEndNs(0), bucketEndNs(BUCKETS - 2)]).toEqual([1024, 2 ** 27]);
});

test("quantileNs() returns the end of the bucket that contains the quantile", () => {
  const histogram = new Histogram();
  expect(quantileNs(histogram.counts, 0.99)).toBeUndefined();
  for (let i = 0; i < 99; i++) histogram.observe(5_000);
  histogram.observe(1_000_000);
  expect(quantileNs(histogram.counts, 0.5)).toBe(5120);
  expect(quantileNs(histogram.counts, 0.99)).toBe(5120);
  expect(quantileNs(histogram.counts, 1)).toBe(1_048_576);
  histogram.observe(1e12);
  expect(quantileNs(histogram.counts, 1)).toBe(2 ** 27); // as slow as is told apart
});

test("Meter counts each vCPU separately, also high numbers, and ignores impossible ones", () => {
  const meter = new Meter();
  for (const vcpu of [0, 7, 8, 8, 300, 4095, 4096, 2 ** 40]) meter.asked(vcpu);
  expect([0, 7, 8, 9, 300, 4095, 4096].map((vcpu) => meter.requestsOf(vcpu))).toEqual([1, 1, 2, 0, 1, 1, 0]);
});

test("Meter reports recent delays, and drops older ones", () => {
  const meter = new Meter();
  meter.latency.observe(1_000_000);
  expect(meter.p99Ns()).toBe(1_048_576);
  meter.beat();
  meter.latency.observe(5_000);
  expect(meter.p99Ns()).toBe(1_048_576);
  meter.beat();
  expect(meter.p99Ns()).toBe(5120);
  meter.beat();
  expect(meter.p99Ns()).toBeUndefined();
});

test("Meters drops VMs that are gone", () => {
  const meters = new Meters();
  meters.of("a").asked(0);
  meters.of("b");
  meters.beat((vm) => vm === "a");
  expect([[...meters.all.keys()], meters.of("a").requestsOf(0)]).toEqual([["a"], 1]);
});
