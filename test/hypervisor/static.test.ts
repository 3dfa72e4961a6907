import { expect, test } from "bun:test";
import { openStatic } from "../../src/hypervisor/static.ts";
import { Recorder } from "./recorder.ts";

test("openStatic() reports every domain, then that the list is complete", async () => {
  const recorder = new Recorder();
  const hypervisor = openStatic(
    new Map([
      ["a.b", [[2], [7, 3]]],
      ["c", [[]]],
    ]),
    recorder,
  );
  expect(recorder.news()).toEqual([]);
  await Promise.resolve();
  expect(recorder.news()).toEqual(["a.b running: configured", "c running: configured", "ready"]);
  expect(recorder.domains.get("a.b")).toEqual({
    name: "a.b",
    state: "running",
    origin: "configured",
    pins: [[2], [3, 7]],
    channels: undefined,
  });
  expect(hypervisor.status()).toEqual({
    driver: "static",
    uri: "static",
    state: "connected",
    problem: undefined,
    domains: 2,
  });
});

test("openStatic(): replace() reports the domains that are gone, then the others", async () => {
  const recorder = new Recorder();
  const hypervisor = openStatic(
    new Map([
      ["a", [[0]]],
      ["b", [[1]]],
    ]),
    recorder,
  );
  await Promise.resolve();
  recorder.news();
  hypervisor.replace(
    new Map([
      ["b", [[2]]],
      ["c", [[3]]],
    ]),
  );
  expect(recorder.news()).toEqual(["a gone: unconfigured", "b running: configured", "c running: configured"]);
  expect(recorder.domains.get("b")?.pins).toEqual([[2]]);
});

test("openStatic() reports nothing after close()", async () => {
  const recorder = new Recorder();
  const hypervisor = openStatic(new Map([["a", [[0]]]]), recorder);
  await hypervisor.close();
  await Promise.resolve();
  hypervisor.refresh();
  hypervisor.replace(new Map());
  expect(recorder.news()).toEqual([]);
});

test("openStatic() refuses orders, and its remedies name the configuration", () => {
  const { orders, remedies } = openStatic(new Map([["web1", [[2]]]]), new Recorder());
  expect(orders).toBeUndefined();
  expect([
    remedies.pin("web1", 0),
    remedies.defineChannel("web1", "/tmp/powermonitor/web1.0"),
    remedies.unknownDomain,
  ]).toEqual([
    "write one CPU for each vCPU into Vcpus= of [vm web1]",
    "make its channel at /tmp/powermonitor/web1.0",
    { reason: "no VM of that name is configured", remedy: "add [vm NAME] with Vcpus= to the configuration" },
  ]);
});
