import { afterEach, expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

// What ends or freezes DPDK's host on a channel, and has no test elsewhere.

let host: TestHost;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await host.remove();
});

/** A port of QEMU that may close the direction to the host and keep the other one open. */
async function halfOpen(vm: string): Promise<() => Promise<Socket>> {
  const path = join(host.channels, `${vm}.0`);
  const connected: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connected.push(socket);
    socket.on("error", () => {});
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(path, done));
  return async () => {
    await until(() => connected.length > 0);
    return connected.at(-1) as Socket;
  };
}

test("a channel that is closed in one direction only keeps no other VM waiting (R2)", async () => {
  host = makeTestHost({ sections: "[vm evil]\nVcpus=0\n[vm good]\nVcpus=1\n" });
  const evil = await halfOpen("evil");
  const good = host.port("good", 0);
  await host.start();
  await good.ready();
  (await evil()).end();
  for (const unit of [MIN, MAX, MIN]) expect(await good.ask(scale(0, unit), 464)).toEqual(scale(0, unit));
  expect(host.tree.read(1, "scaling_setspeed")).toBe("1200000");
});

test("a request right before the end of its connection is carried out (R4)", async () => {
  const names = Array.from({ length: 6 }, (_, cpu) => `vm${cpu}`);
  host = makeTestHost({ sections: names.map((name, cpu) => `[vm ${name}]\nVcpus=${cpu}\n`).join("") });
  const ports = await Promise.all(names.map(halfOpen));
  await host.start();
  for (const port of ports) (await port()).end(scale(0, MIN));
  await until(() => granted() === names.length);
});

function granted(): number {
  return (host.ask("status") as { counters: { granted: number } }).counters.granted;
}

test("failed connections leave no open file behind (R11)", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=0\n[vm db1]\nVcpus=1\n" });
  const other = host.port("db1", 0);
  await host.start();
  await other.ready();
  const { pid } = host.ask("status") as { pid: number };
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = open();
  for (let round = 0; round < 10; round++) {
    const port = host.port("web1", 0);
    await port.ready();
    port.drop();
    port.close();
    rmSync(port.path, { force: true });
  }
  await until(() => open() <= before);
});

test("forty VMs are served at once (R12, R16)", async () => {
  const names = Array.from({ length: 40 }, (_, i) => `vm${i}`);
  const cpus = names.map((_, cpu) => cpu);
  host = makeTestHost({
    cpus: [{ cpus, driver: "acpi-cpufreq", khz: [2_301_000, 2_300_000, 1_200_000] }],
    sections: names.map((name, cpu) => `[vm ${name}]\nVcpus=${cpu}\n`).join(""),
  });
  const ports = names.map((name) => host.port(name, 0));
  await host.start();
  for (const port of ports) await port.ready();
  // Operators list and forget VMs while all guests ask: the peer does that in two threads without a lock.
  const asking = ports.map((port) => port.ask(scale(0, MIN), 464));
  for (const name of names.slice(0, 5)) host.run("vmpowerctl", "remove-vm", name);
  host.ask("list");
  await Promise.all(asking);
  expect(cpus.slice(5).map((cpu) => host.tree.read(cpu, "scaling_setspeed"))).toEqual(
    cpus.slice(5).map(() => "1200000"),
  );
});
