import { afterEach, expect, test } from "bun:test";
import type { Event } from "../../src/admin/control-types.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

test("vmpowerctl names who slowed a VM down, also after the daemon was killed", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  await port.ask(scale(0, MIN), 464);
  const past = () => host.run("vmpowerctl", "events", "--since", "1h", "--vm", "web1").out;
  await until(() => past().includes("web1:0 asked min"));
  await host.end("SIGKILL");
  await host.start();
  expect(past()).toContain("web1:0 asked min");
  const why = host.run("vmpowerctl", "why", "web1:0", "--at", "now").out.replace(/\s+/g, " ");
  expect(why).toContain("web1:0 asked min (as asked: the highest claim on this clock)");
  const { events } = host.ask("events", "--since", "1h") as { events: Event[] };
  expect(events.map(({ kind }) => kind)).toContain("daemon");
}, 20_000);

test("vmpowerctl report tells what guests asked, also after the daemon was stopped, and marks what it does not know", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\nMaxKhz=1700000\n" });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  await port.ask(scale(0, MIN), 464);
  await port.ask(scale(5, MIN), 464);
  const row = () =>
    host
      .run("vmpowerctl", "report", "--since", "1h")
      .out.split("\n")
      .find((line) => /^web1 +3 /.test(line))
      ?.split(/ +/)
      .slice(0, 5);
  // One of three was above its contract, and one was for a vCPU that it does not have.
  expect(row()).toEqual(["web1", "3", "1", "0", "1"]);
  await host.end("SIGTERM");
  await host.start();
  expect(row()).toEqual(["web1", "3", "1", "0", "1"]);
  const { out } = host.run("vmpowerctl", "report", "--since", "7d", "--html");
  expect([out.startsWith("<!doctype html>"), /Energy is (not known|modelled only)/.test(out)]).toEqual([
    true,
    true,
  ]);
}, 20_000);

test("with HistoryMegabytes=0 nothing is written, and that is told", async () => {
  host = makeTestHost({ sections: "[daemon]\nHistoryMegabytes=0\n" });
  await host.start();
  expect(host.run("vmpowerctl", "events", "--since", "1h").out).toContain("Nothing is remembered");
}, 20_000);
