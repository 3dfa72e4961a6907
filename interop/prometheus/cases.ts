import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeStage, type Stage } from "./stage.ts";

const DASHBOARD = join(import.meta.dir, "../../packaging/monitoring/vm-power-dashboard.json");

/** A panel of the dashboard; a row has no targets. */
interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const { panels } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as { panels: readonly Panel[] };

const QUERIES = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ refId, expr }) => [title, refId, expr] as const),
);

let stage: Stage;
beforeAll(async () => {
  stage = await makeStage();
});
afterAll(() => stage?.remove());

/** As Grafana fills it in, for all hosts and all VMs, over the last seconds. */
function filledIn(expression: string): string {
  return expression
    .replaceAll("$instance", ".*")
    .replaceAll("$vm", ".*")
    .replaceAll("$__rate_interval", "4s");
}

test("the dashboard has a title and a query in every panel, and only names variables that are filled in", () => {
  expect(QUERIES.length).toBeGreaterThan(30);
  expect(QUERIES.filter(([, , expr]) => filledIn(expr).includes("$"))).toEqual([]);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
});

test.each(QUERIES)("the panel %j, query %s, has data", async (_title, _refId, expr) => {
  const values = (await stage.query(filledIn(expr))).map(({ value }) => Number(value[1]));
  expect(values.length).toBeGreaterThan(0);
  expect(values.every(Number.isFinite)).toBe(true);
});

test("Prometheus evaluates every alert without a complaint, and none fires on a healthy host", async () => {
  const rules = await stage.rules();
  expect(rules.length).toBe(9);
  expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
  expect(await stage.query('ALERTS{alertstate="firing"}')).toEqual([]);
});

test("what Prometheus counted is what the guests caused: they were bounded and held, and no time is lost", async () => {
  const value = async (expression: string) => Number((await stage.query(expression))[0]?.value[1]);
  expect(await value('sum(rate(vmpower_vm_bounded_requests_total{by="hold"}[4s]))')).toBeGreaterThan(0);
  expect(await value('sum(rate(vmpower_vm_bounded_requests_total{by="limit"}[4s]))')).toBeGreaterThan(0);
  // Eight CPUs, of which two share a clock, and five vCPUs.
  const clocks = "sum(rate(vmpower_cpu_speed_seconds_total[4s]))";
  expect(await value(`${clocks} / sum(rate(vmpower_vm_speed_seconds_total[4s]))`)).toBeCloseTo(7 / 5, 2);
});
