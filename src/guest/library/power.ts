import { hostname } from "node:os";
import type { Log } from "../../base/log.ts";
import type { ScaleAction } from "../../wire/packet.ts";
import { chooseEnvironment, isSupported, makeEnvironment, PLACES, type Places } from "./choose.ts";
import { type Environment, type EnvironmentName, notInitialised } from "./environment.ts";
import { failure, granted, type Outcome } from "./outcome.ts";

/** Options of {@link openPower}; all are optional. */
export interface PowerOptions {
  /** The environment; found automatically if absent. */
  readonly env?: EnvironmentName;
  /** The process's variables: `VM_POWER_ENV` names the environment, `VM_POWER_VM_NAME` the VM. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /**
   * The name of the VM on the host; only DPDK's own host needs it, for policies and queries. The default is the host
   * name.
   */
  readonly vmName?: string;
  /** The port for all requests, if not every lcore has its own. */
  readonly port?: number;
  /** How long to wait for an absent host, in ms. */
  readonly hostMs?: number;
  /** How long to wait for a reply, in ms. */
  readonly answerMs?: number;
  /** On bare metal: start from the current speeds, and keep the speeds at the end. */
  readonly keep?: boolean;
  readonly places?: Partial<Places>;
  /** On bare metal: the log for messages about the machine's clocks. */
  readonly log?: Log;
}

/**
 * DPDK's power interface (librte_power). On bare metal an lcore is a CPU. In a VM an lcore is a vCPU, and the host is
 * asked: calls wait for its reply, and a host that was restarted is found again.
 */
export interface Power extends Environment {
  checkEnvSupported(env: EnvironmentName): boolean;
  /** Chooses the environment. It can be chosen only once. */
  setEnv(env: EnvironmentName): Outcome;
  /** Undefined until it is chosen by {@link setEnv} or by the first {@link init}. */
  getEnv(): EnvironmentName | undefined;
  /** Exits every lcore. Afterwards another environment can be chosen. */
  unsetEnv(): Promise<void>;
  freqUp(lcore: number): Promise<Outcome>;
  freqDown(lcore: number): Promise<Outcome>;
  freqMax(lcore: number): Promise<Outcome>;
  freqMin(lcore: number): Promise<Outcome>;
  enableTurbo(lcore: number): Promise<Outcome>;
  disableTurbo(lcore: number): Promise<Outcome>;
}

/** Default wait in ms; a host restarts in less time. */
const HOST_MS = 1000;
const ANSWER_MS = 250;

/** Makes the power interface. Nothing is opened before the first `init`. */
export function openPower(options: PowerOptions = {}): Power {
  const { variables = process.env } = options;
  const places: Places = { ...PLACES, ...options.places };
  const initialised = new Set<number>();
  let chosen: { readonly name: EnvironmentName; readonly environment: Environment } | undefined;

  function choose(name: EnvironmentName): Environment {
    const environment = makeEnvironment(name, {
      places,
      vmName: options.vmName ?? variables["VM_POWER_VM_NAME"] ?? hostname(),
      port: options.port,
      hostMs: options.hostMs ?? HOST_MS,
      answerMs: options.answerMs ?? ANSWER_MS,
      keep: options.keep ?? false,
      log: options.log ?? SILENT,
    });
    chosen = { name, environment };
    return environment;
  }

  async function init(lcore: number): Promise<Outcome> {
    const name = chosen?.name ?? options.env ?? chooseEnvironment(variables["VM_POWER_ENV"], places);
    if (typeof name !== "string") return name;
    const outcome = await (chosen?.environment ?? choose(name)).init(lcore);
    if (outcome.kind === "granted") initialised.add(lcore);
    return outcome;
  }

  async function exit(lcore: number): Promise<Outcome> {
    initialised.delete(lcore);
    return (await chosen?.environment.exit(lcore)) ?? notInitialised(lcore);
  }

  const scale = async (lcore: number, action: ScaleAction) =>
    (await chosen?.environment.scale(lcore, action)) ?? notInitialised(lcore);

  return {
    checkEnvSupported: (env) => isSupported(env, places),
    setEnv(env) {
      if (chosen !== undefined)
        return failure("invalid", `The environment is set already, to ${chosen.name}`);
      choose(env);
      return granted();
    },
    getEnv: () => chosen?.name,
    async unsetEnv() {
      for (const lcore of initialised) await exit(lcore);
      chosen = undefined;
    },
    lcores() {
      const name = chosen?.name ?? options.env ?? chooseEnvironment(variables["VM_POWER_ENV"], places);
      if (typeof name !== "string") return [];
      return (chosen?.environment ?? choose(name)).lcores();
    },
    init,
    exit,
    scale,
    freqUp: (lcore) => scale(lcore, "up"),
    freqDown: (lcore) => scale(lcore, "down"),
    freqMax: (lcore) => scale(lcore, "max"),
    freqMin: (lcore) => scale(lcore, "min"),
    enableTurbo: (lcore) => scale(lcore, "turbo"),
    disableTurbo: (lcore) => scale(lcore, "no-turbo"),
    freqs: (lcore) => chosen?.environment.freqs(lcore) ?? notInitialised(lcore),
    getFreq: (lcore) => chosen?.environment.getFreq(lcore) ?? notInitialised(lcore),
    setFreq: (lcore, index) => chosen?.environment.setFreq(lcore, index) ?? notInitialised(lcore),
    turboStatus: (lcore) => chosen?.environment.turboStatus(lcore) ?? notInitialised(lcore),
    getCapabilities: (lcore) => chosen?.environment.getCapabilities(lcore) ?? notInitialised(lcore),
    sendPolicy: async (lcore, policy) =>
      (await chosen?.environment.sendPolicy(lcore, policy)) ?? notInitialised(lcore),
    removePolicy: async (lcore) => (await chosen?.environment.removePolicy(lcore)) ?? notInitialised(lcore),
    queryFreqs: async (lcore, of) =>
      (await chosen?.environment.queryFreqs(lcore, of)) ?? notInitialised(lcore),
    queryEnergy: async (lcore) => (await chosen?.environment.queryEnergy(lcore)) ?? notInitialised(lcore),
    queryCaps: async (lcore, of) => (await chosen?.environment.queryCaps(lcore, of)) ?? notInitialised(lcore),
  };
}

const SILENT: Log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
