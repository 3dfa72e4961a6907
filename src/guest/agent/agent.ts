import type { Log } from "../../base/log.ts";
import type { ScaleAction } from "../../wire/packet.ts";
import type { Outcome } from "../library/outcome.ts";
import type { Power } from "../library/power.ts";
import { type BusySource, busyPercent, type Counters } from "./busy.ts";
import type { AgentConfig } from "./config.ts";
import { decide, type Standing, UNKNOWN } from "./controller.ts";

/** Asks for as much speed as the vCPUs need, on behalf of programs that do not ask themselves. */
export interface Agent {
  /** Reads how busy the vCPUs are, and asks for other speeds where needed. */
  tick(): Promise<void>;
  /** Asks for the fallback speed, and closes the ports. */
  stop(): Promise<void>;
}

/** What an agent needs. The first of `sources` that can tell is used. */
export interface AgentMeans {
  readonly power: Power;
  readonly sources: readonly BusySource[];
  readonly log: Log;
  readonly now: () => number;
}

/** Wait before a port that could not be opened is tried again, in ms. */
const RETRY_MS = 10_000;

/** Readings in a row that may fail before the agent asks for the fallback. */
const BLIND_TICKS = 3;

/** The last two readings of one source. */
interface Reading {
  readonly earlier: ReadonlyMap<number, Counters> | undefined;
  readonly after: ReadonlyMap<number, Counters> | undefined;
}

/** The state of one vCPU. */
interface Cpu {
  readonly vcpu: number;
  ready: boolean;
  retryAtMs: number;
  standing: Standing;
  blindTicks: number;
  /** The last message about it, so that each is logged once. */
  said: Outcome["kind"];
}

/** Makes an agent for the configured ports. */
export function makeAgent(config: AgentConfig, { power, sources, log, now }: AgentMeans): Agent {
  const cpus = config.ports.map(
    (vcpu): Cpu => ({ vcpu, ready: false, retryAtMs: 0, standing: UNKNOWN, blindTicks: 0, said: "granted" }),
  );
  const before = new Map<BusySource, ReadonlyMap<number, Counters>>();

  /** How busy each vCPU was since the last reading, from the first source that can tell. */
  async function look(): Promise<(vcpu: number) => number | undefined> {
    const readings: Reading[] = [];
    for (const source of sources) {
      const after = await source.read();
      readings.push({ earlier: before.get(source), after });
      if (after === undefined) before.delete(source);
      else before.set(source, after);
    }
    return (vcpu) =>
      readings
        .map(({ earlier, after }) => busyPercent(earlier?.get(vcpu), after?.get(vcpu)))
        .find((percent) => percent !== undefined);
  }

  async function see(cpu: Cpu, percent: number | undefined): Promise<void> {
    const nowMs = now();
    if (!cpu.ready && !(await take(cpu, nowMs))) return;
    cpu.blindTicks = percent === undefined ? cpu.blindTicks + 1 : 0;
    if (cpu.blindTicks === BLIND_TICKS) await fallBack(cpu);
    if (percent === undefined) return;
    const wish = decide(percent, nowMs, cpu.standing, config);
    if (wish === undefined) return;
    const { kind } = await ask(cpu, wish.ask);
    // After a refusal the agent waits; after the loss of its host it starts again with the next one.
    cpu.standing = kind === "host-absent" || kind === "no-port" ? UNKNOWN : wish.granted;
  }

  async function take(cpu: Cpu, nowMs: number): Promise<boolean> {
    if (nowMs < cpu.retryAtMs) return false;
    const outcome = await power.init(cpu.vcpu);
    say(cpu, outcome);
    cpu.ready = outcome.kind === "granted";
    cpu.retryAtMs = nowMs + RETRY_MS;
    return cpu.ready;
  }

  async function fallBack(cpu: Cpu): Promise<void> {
    log.warning(`Cannot measure the load of vCPU ${cpu.vcpu}: Fallback=${config.fallback}`);
    if (config.fallback !== "none") await ask(cpu, config.fallback);
    cpu.standing = UNKNOWN;
  }

  async function ask(cpu: Cpu, action: ScaleAction): Promise<Outcome> {
    const outcome = await power.scale(cpu.vcpu, action);
    say(cpu, outcome);
    return outcome;
  }

  /** Hosts before DPDK 19.11 never reply, so that is not logged. */
  function say(cpu: Cpu, outcome: Outcome): void {
    const kind = outcome.kind === "unanswered" ? "granted" : outcome.kind;
    if (kind === cpu.said) return;
    cpu.said = kind;
    if (outcome.kind === "granted" || outcome.kind === "unanswered")
      log.notice(`vCPU ${cpu.vcpu} is scaled again`);
    else log.warning(`vCPU ${cpu.vcpu} is not scaled: ${outcome.reason}`);
  }

  return {
    async tick() {
      const percentOf = await look();
      await Promise.all(cpus.map((cpu) => see(cpu, percentOf(cpu.vcpu))));
    },
    async stop() {
      const { fallback } = config;
      if (fallback !== "none")
        await Promise.all(cpus.map((cpu) => (cpu.ready ? ask(cpu, fallback) : undefined)));
      await power.unsetEnv();
      for (const source of sources) source.close();
    },
  };
}
