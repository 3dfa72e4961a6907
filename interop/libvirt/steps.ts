import { expect } from "bun:test";
import { until } from "../../test/hypervisor/recorder.ts";
import { kernelLog, type Stage } from "./stage.ts";

export const [MIN, SECOND, MAX] = ["1200000", "1400000", "2301000"];

/** The guest's view of a reply: the size, then resource id, unit and command 1 (ACK) or 2 (NACK). */
export const ACK = {
  "min-0": "464 00000000000000000400000001000000",
  "up-0": "464 00000000000000000100000001000000",
  "min-1": "464 01000000000000000400000001000000",
  "max-1": "464 01000000000000000300000001000000",
};

/** What a case does to the guest and its host, and what it waits for. */
export function stepsOn(stage: Stage) {
  function connected(name: string): number {
    const { channels } = stage.host.ask("list", "--channels") as {
      channels: { vm: string; status: string }[];
    };
    return channels.filter(({ vm, status }) => vm === name && status === "connected").length;
  }

  function clocks(): (string | undefined)[] {
    return [stage.clock(0), stage.clock(1)];
  }

  /** Waits until CPUs 0 and 1 have exactly these settings. */
  async function settled(expected: readonly (string | undefined)[]): Promise<void> {
    await until(
      () => Bun.deepEquals(clocks(), expected),
      () => [clocks(), expected, stage.host.log()],
    );
  }

  /** The guest sends packets, each on the channel of its vCPU, and must read an ACK for each. */
  async function ask(...packets: readonly (keyof typeof ACK)[]): Promise<void> {
    for (const packet of packets) {
      expect(await stage.guest.ask(Number(packet.at(-1)), packet)).toBe(ACK[packet]);
    }
  }

  /** Makes the guest send requests repeatedly, for a time or until a condition is true; each of them must take effect. */
  async function served(ms: number, holds: () => boolean = () => false): Promise<void> {
    const end = performance.now() + ms;
    let packets = 0;
    while (performance.now() < end && !holds()) {
      await ask("min-0");
      expect(stage.clock(0)).toBe(MIN);
      await ask("up-0");
      expect(stage.clock(0)).toBe(SECOND);
      packets += 2;
      await Bun.sleep(100);
    }
    stage.step(`served ${packets} packets`);
  }

  async function pin(vcpu: number, cpu: number): Promise<void> {
    await stage.libvirtd.must("vcpupin", "guest", `${vcpu}`, `${cpu}`);
  }

  async function swapAndBack(): Promise<void> {
    await ask("min-0", "max-1");
    await settled([MIN, MAX]);
    await pin(1, 0);
    await pin(0, 1);
    await settled([MAX, MIN]);
    await pin(1, 1);
    await pin(0, 0);
    await settled([MIN, MAX]);
  }

  /** Starts the domain, and waits until its guest accepts orders and has sent CONNECT. */
  async function start(): Promise<void> {
    stage.step("booting the guest");
    await stage.libvirtd.must("start", "guest");
    await booted();
  }

  async function booted(): Promise<void> {
    await stage.guest.booted().catch((error) => {
      throw new Error(`${error}\n${kernelLog()}\n${stage.host.log()}`);
    });
    for (const vcpu of [0, 1]) await stage.guest.send(vcpu, `connect-${vcpu}`);
  }

  let logged = 0;

  /** Waits for a new line of the daemon's log. */
  async function untilLogged(words: string): Promise<void> {
    await until(
      () => stage.host.log().includes(words, logged),
      () => [words, stage.host.log().slice(logged)],
      15_000,
    );
    logged = stage.host.log().indexOf(words, logged) + words.length;
  }

  function hypervisorState(): unknown {
    const { hypervisor } = stage.host.ask("status") as { hypervisor: { state: string } };
    return hypervisor.state;
  }

  async function untilState(state: string): Promise<void> {
    await until(
      () => hypervisorState() === state,
      () => stage.host.ask("status"),
      20_000,
    );
  }

  return {
    connected,
    clocks,
    settled,
    ask,
    served,
    pin,
    swapAndBack,
    start,
    untilLogged,
    untilState,
    booted,
    hypervisorState,
  };
}
