import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Domain } from "../../src/base/domain.ts";
import { Registry } from "../../src/hypervisor/registry.ts";
import { Recorder } from "./recorder.ts";

const quiet = { ending: undefined, repeat: false };

function domain(name: string, options: Partial<Domain> = {}): Domain {
  return {
    name,
    state: "running",
    origin: "booted",
    pins: [[1]],
    channels: new Map([["/a", 0]]),
    ...options,
  };
}

test("Registry reports changes, each once", () => {
  const recorder = new Recorder();
  const registry = new Registry(recorder);
  const run = { uuid: "u1", id: 1 };
  registry.report(run, domain("a"), quiet);
  registry.report(run, domain("a"), quiet);
  expect(recorder.news()).toEqual(["a running: booted"]);
  for (const change of [
    { state: "paused" as const },
    { origin: "resumed" as const },
    { pins: [[1], [2]] },
    { pins: [[2], [1]] },
    { channels: new Map([["/b", 0]]) },
    { channels: new Map([["/a", 1]]) },
    { channels: undefined },
    { pid: 7 },
    { channels: new Map<string, number>() },
  ]) {
    registry.report(run, domain("a", change), quiet);
    expect(recorder.news().length).toBe(1);
  }
  registry.report(run, domain("a"), quiet);
  registry.report(run, domain("a"), { ending: undefined, repeat: true });
  expect(recorder.news().length).toBe(2);
});

test("Registry ends the old run of a domain before the new one begins", () => {
  const recorder = new Recorder();
  const registry = new Registry(recorder);
  registry.report({ uuid: "u1", id: 1 }, domain("a"), quiet);
  registry.report({ uuid: "u1", id: 2 }, domain("a"), { ending: "crashed", repeat: false });
  registry.report({ uuid: "u1", id: 3 }, domain("a"), quiet);
  expect(recorder.news()).toEqual([
    "a running: booted",
    "a gone: crashed",
    "a running: booted",
    "a gone: restarted",
    "a running: booted",
  ]);
});

test("Registry reports the end of a name before the new name, and before the name's new owner", () => {
  const recorder = new Recorder();
  const registry = new Registry(recorder);
  registry.report({ uuid: "u1", id: 1 }, domain("a"), quiet);
  registry.report({ uuid: "u1", id: 1 }, domain("b"), quiet);
  registry.report({ uuid: "u2", id: 2 }, domain("b"), quiet);
  registry.drop("u1", "destroyed");
  expect(recorder.news()).toEqual([
    "a running: booted",
    "a gone: renamed",
    "b running: booted",
    "b gone: replaced",
    "b running: booted",
  ]);
  expect([registry.size, registry.has({ uuid: "u2", id: 2 }), registry.knows("u1")]).toEqual([
    1,
    true,
    false,
  ]);
});

test("Registry and its listener always know the same domains", () => {
  const uuid = fc.constantFrom("u1", "u2", "u3");
  const tell = fc.record({ uuid, id: fc.nat(3), name: fc.constantFrom("a", "b", "c"), repeat: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.oneof(tell, fc.record({ uuid }))), (steps) => {
      const recorder = new Recorder();
      const registry = new Registry(recorder);
      for (const step of steps) {
        if ("name" in step)
          registry.report(step, domain(step.name), { ending: undefined, repeat: step.repeat });
        else registry.drop(step.uuid, "destroyed");
        // The recorder throws if a domain is reported as gone that was never reported.
        const known = registry.refs().map(({ name }) => name);
        expect(known.sort()).toEqual([...recorder.domains.keys()].sort());
        if ("name" in step) expect(registry.has(step)).toBe(true);
      }
    }),
  );
});
