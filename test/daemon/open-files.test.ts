import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { channelsMax } from "../../src/daemon/edges.ts";
import { openFilesMax } from "../../src/os/open-files.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost | undefined;
afterEach(() => host?.remove());

test("channelsMax() leaves descriptors for CPUs and clients", () => {
  expect([
    channelsMax(undefined, 8192),
    channelsMax(32_768, 512),
    channelsMax(4096, 64),
    channelsMax(1024, 1),
    channelsMax(64, 4),
  ]).toEqual([16_384, 16_384, 3584, 764, 16]);
});

test("openFilesMax() reads the limit of this process", () => {
  expect(openFilesMax()).toBeGreaterThan(100);
  expect(openFilesMax("/nowhere")).toBeUndefined();
});

/** Ticks of the CPU that a process has used. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

test("a daemon with a low limit of open files serves fewer channels, and operators, without busy loops", async () => {
  const vms = Array.from({ length: 40 }, (_, i) => `[vm web${i}]\nVcpus=${i % 6}\n`).join("");
  host = makeTestHost({ openFiles: 300, sections: vms });
  const ports = Array.from({ length: 40 }, (_, i) => host?.port(`web${i}`, 0));
  await host.start();
  await until(() => ports.filter((port) => port?.connections === 1).length === 20);
  expect(host.log()).toContain("At most 20 channels are served");
  const { pid } = host.ask("status") as { pid: number };
  const clients: { end(): void }[] = [];
  const unix = `${host.directory}/run/control.sock`;
  for (let i = 0; i < 80; i++) clients.push(await Bun.connect({ unix, socket: { data() {} } }));
  for (const port of ports)
    if (port?.connections === 1) expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
  // Measured during a time without work.
  const before = ticks(pid);
  await Bun.sleep(1000);
  expect(ticks(pid) - before).toBeLessThan(20);
  for (const client of clients) client.end();
}, 20_000);
