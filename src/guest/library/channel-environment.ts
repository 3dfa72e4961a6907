import { VCPUS_MAX } from "../../wire/layout.ts";
import type { Request, ScaleAction } from "../../wire/packet.ts";
import { Channel, type ChannelTimes } from "./channel.ts";
import { type Environment, isLcore, notInitialised, notSupported } from "./environment.ts";
import { judgeVmName, toGuestPolicy } from "./guest-policy.ts";
import { failure, granted, type Outcome } from "./outcome.ts";
import type { PortSource } from "./port.ts";

/** How a host is asked. */
export interface ChannelOptions extends ChannelTimes {
  /** What the VM is called on the host; only the original host needs it, for policies and queries. */
  readonly vmName: string;
  /** The port that carries all requests, where not every lcore has its own. */
  readonly port: number | undefined;
}

/** Scaling by asking the host: over virtio-serial ports, or over consoles of Xen. */
export function channelEnvironment(source: PortSource, options: ChannelOptions): Environment {
  const channels = new Map<number, Channel>();
  const initialised = new Set<number>();
  const portOf = (lcore: number) => options.port ?? lcore;
  const channelOf = (lcore: number) => (initialised.has(lcore) ? channels.get(portOf(lcore)) : undefined);

  async function init(lcore: number): Promise<Outcome> {
    if (!isLcore(lcore)) return failure("invalid", `There is no lcore ${lcore}`);
    if (initialised.has(lcore)) return failure("invalid", `lcore ${lcore} is initialised already`);
    initialised.add(lcore);
    const port = portOf(lcore);
    const channel = channels.get(port) ?? new Channel(`port ${port}`, () => source.open(port), options);
    channels.set(port, channel);
    const outcome = await channel.connect();
    if (outcome.kind !== "granted") await leave(lcore);
    return outcome;
  }

  async function leave(lcore: number): Promise<void> {
    initialised.delete(lcore);
    const port = portOf(lcore);
    if ([...initialised].some((other) => portOf(other) === port)) return;
    const channel = channels.get(port);
    channels.delete(port);
    await channel?.close();
  }

  async function ask(lcore: number, request: Request) {
    return (await channelOf(lcore)?.ask(request)) ?? notInitialised(lcore);
  }

  async function accepted(lcore: number, request: Request, what: string): Promise<Outcome> {
    const outcome = await ask(lcore, request);
    if (outcome.kind !== "granted") return outcome;
    if (outcome.value.kind === "answer" && outcome.value.accepted) return granted();
    return failure("refused", `The host refused ${what}: on the host, journalctl -u vm-power tells why`);
  }

  /** No host says no to a query: it says nothing. */
  async function query(lcore: number, what: "frequency" | "capabilities", of: number | "all") {
    const problem = judgeVmName(options.vmName);
    if (problem !== undefined) return problem;
    if (of !== "all" && of >= VCPUS_MAX)
      return notSupported(`Hosts tell of vCPUs 0 to ${VCPUS_MAX - 1} only, not of vCPU ${of}`);
    const outcome = await ask(lcore, { kind: "query", what, resource: of, vmName: options.vmName });
    if (outcome.kind !== "unanswered") return outcome;
    const remedy = "on the host, vmpowerctl set-query VM enable allows it";
    return failure("unanswered", `The host did not tell; perhaps this VM may not ask: ${remedy}`);
  }

  return {
    lcores: source.list,
    init,
    async exit(lcore) {
      if (!initialised.has(lcore)) return notInitialised(lcore);
      await leave(lcore);
      return granted();
    },
    scale: (lcore, action: ScaleAction) =>
      accepted(
        lcore,
        { kind: "scale", resource: lcore, action, physical: false },
        `"${action}" for vCPU ${lcore}`,
      ),
    freqs: () => notSupported("A host does not tell which speeds there are"),
    getFreq: () => notSupported("A host does not tell at which step a CPU is"),
    setFreq: () => notSupported("A host takes no speeds, only steps"),
    turboStatus: () => notSupported("A host does not tell whether turbo is on"),
    getCapabilities: () => notSupported("A host tells of capabilities by a query only"),
    async sendPolicy(lcore, policy) {
      const onWire = toGuestPolicy(policy, options.vmName);
      if ("reason" in onWire) return onWire;
      return accepted(lcore, { kind: "set-policy", policy: onWire }, "the policy");
    },
    async removePolicy(lcore) {
      const problem = judgeVmName(options.vmName);
      const removal: Request = { kind: "remove-policy", vmName: options.vmName };
      return problem ?? (await channelOf(lcore)?.tell(removal)) ?? notInitialised(lcore);
    },
    async queryFreqs(lcore, of) {
      const outcome = await query(lcore, "frequency", of);
      if (outcome.kind !== "granted") return outcome;
      return granted(outcome.value.kind === "frequency-list" ? outcome.value.khz : []);
    },
    async queryCaps(lcore, of) {
      const outcome = await query(lcore, "capabilities", of);
      if (outcome.kind !== "granted") return outcome;
      return granted(outcome.value.kind === "capability-list" ? outcome.value.capabilities : []);
    },
  };
}
