import { VCPUS_MAX } from "../../wire/layout.ts";
import type { Request, ScaleAction } from "../../wire/packet.ts";
import type { OwnEnergy } from "../../wire/reply.ts";
import { Channel, type ChannelTimes } from "./channel.ts";
import { type Environment, isLcore, notInitialised, notSupported } from "./environment.ts";
import { judgeVmName, toGuestPolicy } from "./guest-policy.ts";
import { failure, granted, type Outcome } from "./outcome.ts";
import type { PortSource } from "./port.ts";

/** Options for asking a host. */
export interface ChannelOptions extends ChannelTimes {
  /** The name of the VM on the host; only DPDK's host needs it, for policies and queries. */
  readonly vmName: string;
  /** The port for all requests, if not every lcore has its own. */
  readonly port: number | undefined;
}

/** Scales by asking the host, over virtio-serial ports or over consoles of Xen. */
export function channelEnvironment(source: PortSource, options: ChannelOptions): Environment {
  const host = new HostChannels(source, options);
  return {
    lcores: source.list,
    init: (lcore) => host.init(lcore),
    exit: (lcore) => host.exit(lcore),
    scale: (lcore, action: ScaleAction) =>
      host.accepted(
        lcore,
        { kind: "scale", resource: lcore, action, physical: false },
        `"${action}" for vCPU ${lcore}`,
      ),
    freqs: () => notSupported("A host does not report its speeds"),
    getFreq: () => notSupported("A host does not report the index of a CPU's speed"),
    setFreq: () => notSupported("A host accepts only steps, no speeds"),
    turboStatus: () => notSupported("A host does not report whether turbo is on"),
    getCapabilities: () => notSupported("A host reports capabilities only in reply to a query"),
    async sendPolicy(lcore, policy) {
      const onWire = toGuestPolicy(policy, options.vmName);
      if ("reason" in onWire) return onWire;
      return host.accepted(lcore, { kind: "set-policy", policy: onWire }, "the policy");
    },
    async removePolicy(lcore) {
      const { vmName } = options;
      const removal: Request = { kind: "remove-policy", vmName };
      return judgeVmName(vmName) ?? (await host.sendOnly(lcore, removal));
    },
    async queryFreqs(lcore, of) {
      const outcome = await host.query(lcore, "frequency", of);
      if (outcome.kind !== "granted") return outcome;
      return granted(outcome.value.kind === "frequency-list" ? outcome.value.khz : []);
    },
    async queryCaps(lcore, of) {
      const outcome = await host.query(lcore, "capabilities", of);
      if (outcome.kind !== "granted") return outcome;
      return granted(outcome.value.kind === "capability-list" ? outcome.value.capabilities : []);
    },
    queryEnergy: (lcore) => host.energy(lcore),
  };
}

/** The channels to the host, one for each port that an initialised lcore uses. */
class HostChannels {
  readonly #source: PortSource;
  readonly #options: ChannelOptions;
  readonly #channels = new Map<number, Channel>();
  readonly #initialised = new Set<number>();

  constructor(source: PortSource, options: ChannelOptions) {
    this.#source = source;
    this.#options = options;
  }

  async init(lcore: number): Promise<Outcome> {
    if (!isLcore(lcore)) return failure("invalid", `There is no lcore ${lcore}`);
    if (this.#initialised.has(lcore)) return failure("invalid", `lcore ${lcore} is initialised already`);
    this.#initialised.add(lcore);
    const port = this.#portOf(lcore);
    const open = () => this.#source.open(port);
    const channel = this.#channels.get(port) ?? new Channel(`port ${port}`, open, this.#options);
    this.#channels.set(port, channel);
    const outcome = await channel.connect();
    if (outcome.kind !== "granted") await this.#leave(lcore);
    return outcome;
  }

  async exit(lcore: number): Promise<Outcome> {
    if (!this.#initialised.has(lcore)) return notInitialised(lcore);
    await this.#leave(lcore);
    return granted();
  }

  /** Sends a packet that gets no reply. */
  async sendOnly(lcore: number, request: Request): Promise<Outcome> {
    return (await this.#channelOf(lcore)?.sendOnly(request)) ?? notInitialised(lcore);
  }

  /** Sends a request that the host accepts or refuses. */
  async accepted(lcore: number, request: Request, what: string): Promise<Outcome> {
    const outcome = await this.#ask(lcore, request);
    if (outcome.kind !== "granted") return outcome;
    if (outcome.value.kind === "answer" && outcome.value.accepted) return granted();
    return failure("refused", `The host refused ${what}: on the host, journalctl -u vm-power tells why`);
  }

  /** Sends a query. A host that refuses it does not reply. */
  async query(lcore: number, what: "frequency" | "capabilities", of: number | "all") {
    const { vmName } = this.#options;
    const problem = judgeVmName(vmName);
    if (problem !== undefined) return problem;
    if (of !== "all" && of >= VCPUS_MAX)
      return notSupported(`Hosts report vCPUs 0 to ${VCPUS_MAX - 1} only, not vCPU ${of}`);
    const outcome = await this.#ask(lcore, { kind: "query", what, resource: of, vmName });
    if (outcome.kind !== "unanswered") return outcome;
    const remedy = "on the host, vmpowerctl set-query VM enable allows it";
    return failure("unanswered", `The host did not reply; perhaps this VM may not send queries: ${remedy}`);
  }

  /** Asks for the energy of this VM. A host of DPDK does not know the query, and does not reply. */
  async energy(lcore: number): Promise<Outcome<OwnEnergy>> {
    const outcome = await this.#ask(lcore, { kind: "energy" });
    if (outcome.kind === "unanswered")
      return failure("unanswered", "The host did not reply: only vm-power knows the energy of a VM");
    if (outcome.kind !== "granted") return outcome;
    if (outcome.value.kind === "energy") return granted(outcome.value.energy);
    return failure("refused", "The host does not tell: on the host, set Energy=yes in the VM's contract");
  }

  async #ask(lcore: number, request: Request) {
    return (await this.#channelOf(lcore)?.ask(request)) ?? notInitialised(lcore);
  }

  #portOf(lcore: number): number {
    return this.#options.port ?? lcore;
  }

  #channelOf(lcore: number): Channel | undefined {
    return this.#initialised.has(lcore) ? this.#channels.get(this.#portOf(lcore)) : undefined;
  }

  /** Closes the lcore's channel unless another lcore uses it. */
  async #leave(lcore: number): Promise<void> {
    this.#initialised.delete(lcore);
    const port = this.#portOf(lcore);
    if ([...this.#initialised].some((other) => this.#portOf(other) === port)) return;
    const channel = this.#channels.get(port);
    this.#channels.delete(port);
    await channel?.close();
  }
}
