import { expect, test } from "bun:test";
import type { Ring } from "../../src/daemon/alarm.ts";
import { startHeartbeat } from "../../src/daemon/host/heartbeat.ts";
import type { Parts } from "../../src/daemon/parts.ts";

test("each beat looks at what concerns speeds, and one in two at everything", () => {
  let calls: string[] = [];
  const part = (name: string) =>
    new Proxy({}, { get: (_, method) => () => calls.push(`${name}.${String(method)}`) });
  let ring: Ring | undefined;
  const waits: number[] = [];
  const after = (_: string, delayMs: number, next: Ring) => {
    waits.push(delayMs);
    ring = next;
  };
  const names = ["channels", "clocks", "cpufreq", "fifos", "knobs", "meters", "traffic"];
  const parts = {
    ...Object.fromEntries(names.map((name) => [name, part(name)])),
    samples: {},
    alarm: { after },
  };
  const [notify, sole, footprint] = [
    { alive: () => calls.push("notify.alive"), watchdogMs: undefined },
    ...["sole", "footprint"].map(part),
  ];
  startHeartbeat(parts as unknown as Parts, { notify, sole, footprint } as never);
  const beat = () => {
    calls = [];
    ring?.({ monoMs: 0, wallMs: 0 });
    return calls;
  };
  const quick = ["cpufreq.refresh", "clocks.tick", "traffic.consider", "clocks.retry", "fifos.refresh"];
  const thorough = ["sole.renew", "channels.refresh", "knobs.beat", "meters.beat"];
  const both = [
    ["notify.alive", ...quick, ...thorough, "footprint.beat"],
    ["notify.alive", ...quick, "footprint.beat"],
  ];
  expect([beat(), beat(), beat(), beat()]).toEqual([...both, ...both] as string[][]);
  expect(waits).toEqual([14_000, 14_000, 14_000, 14_000, 14_000]);
});
