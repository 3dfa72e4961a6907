import { afterEach, describe, expect, test } from "bun:test";
import { makeTestHost, type TestHost } from "./host.ts";
import { connect, DOWN, MAX, MIN, nack, packet, scale, TURBO, UP } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const speeds = (...cpus: number[]) => cpus.map(speed);
const FOUND = "<unsupported>"; // what scaling_setspeed says while nobody set the userspace governor

describe("a guest's packet reaches the clock of its vCPU's CPU", () => {
  test("and no other clock", async () => {
    host = makeTestHost({ sections: "[vm web1]\nVcpus=2,3\n" });
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    const request = scale(0, MIN);
    expect(await port.ask(request, 464)).toEqual(request); // an ACK is the request itself
    expect(speeds(0, 1, 2, 3, 4)).toEqual([FOUND, FOUND, "1200000", FOUND, FOUND]);
    expect(host.tree.read(2, "scaling_governor")).toBe("userspace");
    expect(await port.ask(scale(1, DOWN), 464)).toEqual(scale(1, DOWN));
    expect(speeds(2, 3)).toEqual(["1200000", "2300000"]);
  });

  test("for every release of DPDK, mixed on one host and changed on a live socket (R1)", async () => {
    host = makeTestHost({ sections: "[vm a]\nVcpus=0\n[vm b]\nVcpus=1\n[vm c]\nVcpus=2\n[vm d]\nVcpus=3\n" });
    const sizes = [16, 456, 460, 464];
    const ports = ["a", "b", "c", "d"].map((vm) => host.port(vm, 0));
    await host.start();
    for (const [i, port] of ports.entries()) {
      await port.ready();
      port.send(connect(sizes[i]));
      await port.silence(20);
      port.send(scale(0, MIN, sizes[i]));
    }
    await until(() => speeds(0, 1, 2, 3).every((khz) => khz === "1200000"));
    await ports[0]?.silence();
    expect(ports.map((port) => port.received.length)).toEqual([0, 0, 460, 464]); // old guests read nothing
    const [live] = ports;
    for (const size of [464, 16, 456]) {
      live?.send(connect(size));
      live?.send(scale(0, UP, size));
      live?.send(scale(0, UP, size));
      await live?.silence();
    }
    expect([speed(0), live?.received.length]).toEqual(["2301000", 928]); // six steps up; two of them were answered
  });

  test("down and up through the whole table", async () => {
    host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    const seen = [];
    for (const unit of [DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, UP, UP, UP, UP, UP, UP]) {
      await port.ask(scale(0, unit), 464);
      seen.push(Number(speed(2)) / 1000);
    }
    expect(seen).toEqual([2300, 2000, 1700, 1400, 1200, 1200, 1400, 1700, 2000, 2300, 2301, 2301]);
  });

  test("on a clock that two VMs share: the highest claim wins, and a vCPU that never asked is not slowed down", async () => {
    host = makeTestHost({ sections: "[vm a]\nVcpus=4\n[vm b]\nVcpus=5\n" });
    const [a, b] = [host.port("a", 0), host.port("b", 0)];
    await host.start();
    await Promise.all([a.ready(), b.ready()]);
    expect(await a.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
    expect(speed(4)).toBe(FOUND);
    await b.ask(scale(0, DOWN), 464);
    expect(speed(4)).toBe("2300000");
    await b.ask(scale(0, MIN), 464);
    expect(speed(5)).toBe("1200000");
  });
});

describe("refusals", () => {
  test("get a NACK, change nothing, and are logged with their reason", async () => {
    host = makeTestHost({
      cpus: [{ cpus: [0, 1], driver: "acpi-cpufreq", khz: [2_000_000, 1_000_000] }],
      sections: "[vm web1]\nVcpus=0,1,77\n[vm locked]\nVcpus=1\nTurbo=no\n",
    });
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    const physical = scale(1, MIN);
    physical[444] = 1;
    const requests = [scale(3, MIN), scale(50, MIN), physical, scale(0, TURBO), scale(2, MIN)];
    for (const request of requests) expect(await port.ask(request, 464)).toEqual(nack(request));
    expect(speeds(0, 1)).toEqual([FOUND, FOUND]);
    const reasons = [
      "it has no vCPU 3, only 3 vCPUs",
      "may not name physical CPUs",
      "there is no turbo",
      "CPU 77 is not managed",
    ];
    expect(reasons.filter((reason) => !host.log().includes(reason))).toEqual([]);
  });
});

describe("queries", () => {
  const query = (command: number, vcpu = 0) => packet(464, vcpu, 0, command);

  test("get a list without stale bytes (S6)", async () => {
    host = makeTestHost({ sections: "[vm web1]\nVcpus=0,1,77\nQuery=yes\n" });
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    await port.ask(scale(1, MIN), 464);
    const list = Buffer.alloc(88);
    list.writeUInt32LE(3, 12); // FREQ_LIST
    list.writeUInt32LE(2_301_000, 48); // vCPU 0 was never scaled: the highest that its CPU's own settings allow
    list.writeUInt32LE(1_200_000, 52);
    list[80] = 3; // vCPU 2 has no managed CPU: 0 kHz
    expect(await port.ask(query(7), 88)).toEqual(new Uint8Array(list));
    const single = Buffer.alloc(88);
    single.writeUInt32LE(1, 0);
    single.writeUInt32LE(3, 12);
    single.writeUInt32LE(1_200_000, 52);
    single[80] = 3;
    expect(await port.ask(query(8, 1), 88)).toEqual(new Uint8Array(single));
    const caps = Buffer.alloc(184);
    caps.writeUInt32LE(1, 0);
    caps.writeUInt32LE(4, 12); // CAPS_LIST
    caps[56] = 1; // turbo of vCPU 1
    caps[176] = 3;
    expect(await port.ask(query(10, 1), 184)).toEqual(new Uint8Array(caps));
  });

  test("get no reply when they are off or cannot be answered", async () => {
    host = makeTestHost({ sections: "[vm off]\nVcpus=0\n[vm on]\nVcpus=1,77\nQuery=yes\n" });
    const [off, on] = [host.port("off", 0), host.port("on", 0)];
    await host.start();
    await Promise.all([off.ready(), on.ready()]);
    for (const command of [7, 8, 9, 10]) off.send(query(command));
    for (const request of [query(8, 2), query(8, 200), query(9), query(10, 1)]) on.send(request);
    expect(await off.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN)); // and nothing before it
    expect(await on.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
    host.run("vmpowerctl", "set-query", "off", "enable");
    expect((await off.ask(query(7), 88)).length).toBe(88);
  });
});

describe("no guest disturbs another", () => {
  test("by garbage, half packets, floods, unread replies or extreme requests", async () => {
    host = makeTestHost({ sections: "[vm evil]\nVcpus=0\n[vm good]\nVcpus=1\n" });
    const evil = [0, 1, 2, 3].map((number) => host.port("evil", number));
    const good = host.port("good", 0);
    await host.start();
    await Promise.all([...evil, good].map((port) => port.ready()));
    for (const port of evil) port.reading(false);
    const garbage = crypto.getRandomValues(new Uint8Array(60_000));
    const flood = Buffer.concat(Array.from({ length: 150 }, (_, i) => scale(0, 1 + (i % 6))));
    for (let round = 0; round < 30; round++) {
      for (const [i, port] of evil.entries())
        try {
          port.send(
            [garbage, flood, scale(0, MAX).subarray(0, 100), new Uint8Array(9999).fill(2)][i] ?? garbage,
          );
        } catch {
          // The host handles its requests more slowly than it sends them; QEMU would wait.
        }
      expect(await good.ask(scale(0, round % 2 === 0 ? MIN : MAX), 464)).toHaveLength(464);
      expect(speed(1)).toBe(round % 2 === 0 ? "1200000" : "2301000");
    }
    const status = host.ask("status") as { channelsConnected: number; counters: Record<string, number> };
    expect(status.channelsConnected).toBe(5); // none was closed for what it sent
    expect(status.counters["repliesDropped"]).toBeGreaterThan(0);
    expect(status.counters["framingErrors"]).toBeGreaterThan(0);
  }, 20_000);
});
