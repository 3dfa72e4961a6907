import { afterEach, expect, test } from "bun:test";
import { LCORE_END } from "../../src/guest/library/environment.ts";
import { returnValue } from "../../src/guest/library/outcome.ts";
import { openPower } from "../../src/guest/library/power.ts";
import { originalHost } from "./original-host.ts";
import { type TerminalPorts, terminalPorts } from "./terminal-ports.ts";

let ports: TerminalPorts;
afterEach(() => ports.remove());

const ENOTSUP = -95;

/** The calls of app/test/test_power_kvm_vm.c, in its order, with the required results. */
test.each(["19.08", "20.02"] as const)(
  "DPDK's unit test of this environment passes, on a host of %s",
  async (release) => {
    ports = terminalPorts();
    const original = originalHost(release);
    const port = ports.add("virtio.serial.port.poweragent.0", original.host);
    const power = openPower({ places: { virtioPorts: ports.directory }, answerMs: 30, variables: {} });
    const inits = async (lcore: number) => returnValue(await power.init(lcore), 0);
    const all = async (lcore: number) => [
      returnValue(await power.freqUp(lcore), 1),
      returnValue(await power.freqDown(lcore), 1),
      returnValue(await power.freqMin(lcore), 1),
      returnValue(await power.freqMax(lcore), 1),
    ];
    expect(returnValue(power.setEnv("kvm-vm"), 0)).toBe(0);
    expect(power.getEnv()).toBe("kvm-vm");
    expect(await inits(LCORE_END + 1)).toBe(-1);
    expect(await inits(0)).toBe(0);
    expect(await inits(0)).toBe(-1);
    expect(await all(LCORE_END + 1)).toEqual([-1, -1, -1, -1]);
    expect(await all(1)).toEqual([-1, -1, -1, -1]);
    expect(returnValue(await power.enableTurbo(0), 1)).toBe(1);
    expect(returnValue(await power.disableTurbo(0), 1)).toBe(1);
    expect(await all(0)).toEqual([1, 1, 1, 1]);
    expect(returnValue(power.freqs(0), 0)).toBe(ENOTSUP);
    expect(returnValue(power.getFreq(0), 0)).toBe(ENOTSUP);
    expect(returnValue(power.setFreq(0, 0), 0)).toBe(ENOTSUP);
    expect(returnValue(power.turboStatus(0), 0)).toBe(ENOTSUP);
    expect(returnValue(power.getCapabilities(0), 0)).toBe(ENOTSUP);
    expect(returnValue(await power.exit(0), 0)).toBe(0);
    expect(await all(0)).toEqual([-1, -1, -1, -1]);
    await power.unsetEnv();
    expect(power.getEnv()).toBeUndefined();
    // CONNECT, then turbo, no turbo, up, down, min, max: command and unit.
    const asked = port.sent.map((bytes) => [bytes.length, bytes[12], bytes[8]]);
    expect(asked).toEqual([[464, 2, 0], ...[5, 6, 1, 2, 4, 3].map((unit) => [464, 1, unit])]);
    expect(original.closed).toBe(false);
  },
);
