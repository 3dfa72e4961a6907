import { describe, expect, test } from "bun:test";
import { channelEnvironment } from "../../src/guest/library/channel-environment.ts";
import {
  ack,
  CONNECT,
  environment,
  GRANTED,
  isConnect,
  MAX,
  MIN,
  nack,
  packet,
  TIMES,
  UP,
} from "./requests.ts";
import { type Host, portsOf, virtioPort } from "./virtio-port.ts";

/** Sends an ACK for every request that can be acknowledged. */
const willing: Host = (bytes) => (isConnect(bytes) ? [] : [ack(bytes)]);

const unwilling: Host = (bytes) => (isConnect(bytes) ? [] : [nack(bytes)]);

describe("requests", () => {
  test("are a CONNECT, then one packet each, in which every byte has a meaning", async () => {
    const port = virtioPort(willing);
    const power = environment(port);
    expect(await power.init(0)).toEqual(GRANTED);
    expect(await power.scale(0, "max")).toEqual(GRANTED);
    expect(await power.scale(0, "min")).toEqual(GRANTED);
    expect(port.sent).toEqual([CONNECT, MAX, MIN]);
  });

  test("contain a policy with hours that mark unused entries", async () => {
    const port = virtioPort(willing);
    const power = environment(port);
    await power.init(0);
    const policy = {
      type: "time",
      vcpus: [0, 1],
      busyHours: [23, 0],
      macs: ["52:54:00:ab:cd:ef"],
      maxPackets: 258,
    } as const;
    expect(await power.sendPolicy(0, policy)).toEqual(GRANTED);
    const expected = packet(0, 0, 3);
    expected.set([0x76, 0x6d, 0x30], 16); // "vm0"
    expected.set([0x52, 0x54, 0x00, 0xab, 0xcd, 0xef], 48); // its only MAC address
    expected.set([1], 128); // how many there are
    expected.set([0x02, 0x01], 140); // the highest threshold
    expected.set([0, 1], 144); // vCPUs
    expected.set([2], 152); // how many there are
    expected.fill(0xff, 156, 444); // three lists of 24 hours, all of them none, but
    expected.set([23, 0, 0, 0, 0, 0, 0, 0], 156); // two busy ones
    expected.set([2], 448); // workload low
    expected.set([1], 452); // type time
    expect(port.sent[1]).toEqual(expected);
  });

  test("are sent one at a time: the next one after the reply to the previous one", async () => {
    const outstanding: Uint8Array[] = [];
    const port = virtioPort((bytes) => {
      if (!isConnect(bytes)) outstanding.push(bytes);
      return [];
    });
    const power = environment(port, { hostMs: 60, answerMs: 500 });
    await power.init(0);
    const asked = [power.scale(0, "up"), power.scale(0, "max"), power.scale(0, "min")];
    for (const expected of [UP, MAX, MIN]) {
      while (outstanding.length === 0) await Bun.sleep(1);
      await Bun.sleep(5);
      expect(outstanding).toEqual([expected]);
      port.send(outstanding.pop() as Uint8Array);
    }
    expect(await Promise.all(asked)).toEqual([GRANTED, GRANTED, GRANTED]);
  });
});

describe("replies", () => {
  test("grant or refuse, with the origin of the refusal", async () => {
    const power = environment(virtioPort(unwilling));
    await power.init(0);
    expect(await power.scale(0, "turbo")).toEqual({
      kind: "refused",
      reason: 'The host refused "turbo" for vCPU 0: on the host, journalctl -u vm-power tells why',
    });
  });

  test("to old requests are not taken for the reply to a new one, however many there are", async () => {
    const port = virtioPort(unwilling);
    const power = environment(port);
    await power.init(0);
    for (let i = 0; i < 271; i++) port.send(MAX); // so many fit into the socket of a host whose guest never reads
    expect((await power.scale(0, "max")).kind).toBe("refused");
    expect(port.unread).toBe(0);
  });

  test("that arrive late are not taken for the awaited one", async () => {
    const port = virtioPort(willing);
    const power = environment(port);
    await power.init(0);
    port.connect((bytes) => [nack(MIN), bytes]); // MIN had been given up
    expect(await power.scale(0, "max")).toEqual(GRANTED);
  });

  test("are found in pieces or after garbage", async () => {
    const port = virtioPort((bytes) =>
      isConnect(bytes) ? [] : [bytes.slice(0, 10), bytes.slice(10, 300), bytes.slice(300)],
    );
    const power = environment(port);
    await power.init(0);
    expect(await power.scale(0, "max")).toEqual(GRANTED);
    port.connect((bytes) => [new Uint8Array(100).fill(0x55), bytes]);
    expect((await power.scale(0, "max")).kind).toBe("granted");
  });

  test("that never arrive are reported", async () => {
    const power = environment(virtioPort(() => []));
    await power.init(0);
    expect(await power.scale(0, "max")).toEqual({
      kind: "unanswered",
      reason: "The host received the request on port 0, but did not reply within 40 ms",
    });
  });
});

describe("an absent host", () => {
  test("is reported, and the port is closed", async () => {
    const port = virtioPort(undefined);
    const power = environment(port);
    expect(await power.init(0)).toEqual({
      kind: "host-absent",
      reason:
        "No program is connected to the host's end of port 0: on the host, systemctl start vm-power, " +
        "and vmpowerctl show-vm tells whether it serves this VM",
    });
    expect([port.isOpen, port.sent]).toEqual([false, []]);
    expect((await power.scale(0, "max")).kind).toBe("invalid");
  });

  test("is waited for while it may be starting", async () => {
    const port = virtioPort(undefined);
    const power = environment(port, { hostMs: 1000, answerMs: 40 });
    const init = power.init(0);
    await Bun.sleep(20);
    port.connect(willing);
    expect(await init).toEqual(GRANTED);
  });

  test("gets a CONNECT again when it comes back, on the port that stayed open", async () => {
    const port = virtioPort(willing);
    const power = environment(port);
    await power.init(0);
    await power.scale(0, "max");
    port.connect(undefined);
    expect((await power.scale(0, "up")).kind).toBe("host-absent");
    port.connect(willing);
    expect(await power.scale(0, "min")).toEqual(GRANTED);
    expect([port.sent, port.opened]).toEqual([[CONNECT, MAX, CONNECT, MIN], 1]);
  });

  test("that disconnects before its reply is not waited for", async () => {
    const port = virtioPort(willing);
    const power = environment(port, { hostMs: 1000, answerMs: 60_000 });
    await power.init(0);
    port.connect((bytes) => {
      port.connect(undefined);
      return isConnect(bytes) ? [] : [];
    });
    expect(await power.scale(0, "up")).toEqual({
      kind: "host-absent",
      reason: "The host disconnected from port 0 before it replied: try again",
    });
  });
});

test("a port that was unplugged is opened again for the next request", async () => {
  const port = virtioPort(willing);
  const ports = portsOf(new Map([[0, port]]));
  let unplugged = false;
  const source = {
    ...ports,
    open(number: number) {
      const device = ports.open(number);
      if ("reason" in device) return device;
      return { ...device, write: (bytes: Uint8Array) => (unplugged ? "ENODEV" : device.write(bytes)) };
    },
  };
  const power = channelEnvironment(source, { ...TIMES, vmName: "vm0", port: undefined });
  await power.init(0);
  unplugged = true;
  expect(await power.scale(0, "max")).toEqual({
    kind: "no-port",
    reason: "Lost port 0 (ENODEV): it was unplugged, or the VM has changed",
  });
  unplugged = false;
  expect(await power.scale(0, "max")).toEqual(GRANTED);
  expect(port.opened).toBe(2);
});

test("several lcores share one port where they are told to, and the last one closes it", async () => {
  const port = virtioPort(willing);
  const source = portsOf(new Map([[7, port]]));
  const power = channelEnvironment(source, { ...TIMES, vmName: "vm0", port: 7 });
  expect([await power.init(0), await power.init(3)]).toEqual([GRANTED, GRANTED]);
  expect(await power.scale(3, "max")).toEqual(GRANTED);
  expect(await power.exit(0)).toEqual(GRANTED);
  expect(port.isOpen).toBe(true);
  expect(await power.scale(3, "min")).toEqual(GRANTED);
  expect(await power.exit(3)).toEqual(GRANTED);
  expect([port.isOpen, port.sent]).toEqual([false, [CONNECT, packet(3, 3, 1), packet(3, 4, 1)]]);
});
