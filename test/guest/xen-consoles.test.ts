import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { openPower } from "../../src/guest/library/power.ts";
import { xenConsoles } from "../../src/guest/library/xen-consoles.ts";
import { readXenstore } from "../../src/guest/library/xenstore.ts";
import { machines } from "./machines.ts";
import { originalHost } from "./original-host.ts";

const GRANTED = { kind: "granted", value: undefined } as const;
const machine = machines();
const places = machine.places;

describe("on Xen", () => {
  test("a console is set to raw mode: no byte of a packet is changed or echoed", async () => {
    const all = places();
    const ports = machine.ports({ raw: false });
    const original = originalHost("20.02");
    original.query = true;
    const port = ports.add("poweragent.0", original.host);
    const power = openPower({
      places: { ...all, xenChannels: ports.directory },
      env: "xen-console",
      vmName: "vm0",
    });
    expect(await power.init(0)).toEqual(GRANTED);
    expect(await power.freqMin(0)).toEqual(GRANTED);
    expect((await power.queryCaps(0, 3)).kind).toBe("granted");
    const query = new Uint8Array(464);
    query.set([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0x76, 0x6d, 0x30]); // 10 is a newline; "vm0"
    expect(port.sent.at(-1)).toEqual(query);
    await power.unsetEnv();
  });

  test("consoles are found by their names in xenstore if udev has not named them", async () => {
    const all = places();
    const ports = machine.ports();
    ports.add("hvc2", originalHost("20.02").host);
    for (const console of ["console-0", "console-1", "console-2"])
      fs.mkdirSync(join(all.xenDevices, console), { recursive: true });
    const names: Record<string, string> = {
      "device/console/1/name": "unused",
      "device/console/2/name": "poweragent.5",
    };
    const bus = { devices: all.xenDevices, consoles: ports.directory, read: (key: string) => names[key] };
    const consoles = xenConsoles(all.xenChannels, bus);
    expect([consoles.list(), consoles.path(5)]).toEqual([[5], join(ports.directory, "hvc2")]);
    const device = consoles.open(5);
    expect("reason" in device ? device.reason : "opened").toBe("opened");
    if (!("reason" in device)) device.close();
    expect(consoles.open(4)).toEqual({
      kind: "no-port",
      reason:
        `There is no channel 4 (${all.xenChannels}/poweragent.4: ENOENT): ` +
        'on the host, give the VM a channel "connection=socket,name=poweragent.4,path=…"',
    });
  });

  /** type, request, transaction and length of the payload, then the payload (xs_wire.h). */
  const wire = (type: number, text: string) =>
    Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, text.length, 0, 0, 0, ...Buffer.from(text));
  const READ = 2;
  const ERROR = 16;

  test.each([
    [[wire(READ, "poweragent.0")], "poweragent.0"],
    [[wire(READ, "poweragent.0").slice(0, 9), wire(READ, "poweragent.0").slice(9)], "poweragent.0"],
    [[wire(ERROR, "ENOENT\0")], undefined],
    [[], undefined],
    [[Uint8Array.of(READ, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f)], undefined],
  ])("readXenstore() %#", async (answers, value) => {
    const ports = machine.ports();
    const bus = ports.add("xenbus", () => []);
    for (const answer of answers) bus.send(answer);
    expect(readXenstore("device/console/1/name", bus.path)).toBe(value as string);
    await Bun.sleep(5);
    expect(bus.sent).toEqual([wire(READ, "device/console/1/name\0")]);
  });
});
