import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Domain } from "../../base/domain.ts";
import type { Channel } from "../../channels/channel.ts";
import type { Objection } from "../../channels/judge.ts";
import type { Config } from "../../config/config.ts";
import type { Hypervisor } from "../../hypervisor/hypervisor.ts";
import type { Takeover } from "../lifecycle/takeover.ts";
import type { OperatorStore } from "../operators/operator-store.ts";
import type { TurnClock } from "../turn-clock.ts";
import type { Clocks } from "./clocks.ts";
import { Contracts } from "./contracts.ts";
import type { KnobHolder } from "./knobs.ts";
import { type MetadataWords, metadataLayer } from "./metadata-layer.ts";
import { operatorLayer, stateLayer } from "./operator-layer.ts";

/** What {@link ServedVms} needs. The configuration is read at each use, because a reload replaces it. */
export interface ServedVmsOptions {
  readonly config: () => Config;
  readonly store: OperatorStore;
  readonly arbiter: Arbiter;
  readonly time: TurnClock;
  readonly clocks: Clocks;
  readonly knobs: KnobHolder;
  readonly hypervisor: () => Pick<Hypervisor, "status" | "remedies"> | undefined;
  readonly takeover: Takeover;
}

/** The known VMs, and which of them are served, as the hypervisor, the configuration and operators say. */
export class ServedVms {
  readonly contracts: Contracts;
  readonly #options: ServedVmsOptions;
  readonly #domains = new Map<string, Domain>();
  /** Whether the hypervisor has reported all its domains once, so that an unknown VM does not exist. */
  complete = false;

  constructor(options: ServedVmsOptions) {
    this.#options = options;
    this.contracts = new Contracts(options.config, (vm) => ({
      operator: operatorLayer(options.store.vm(vm), options.time().wallMs),
      state: stateLayer(options.store.stateOf(vm), options.config().rules),
      metadata: this.metadata(vm).layer,
    }));
  }

  /** The last report of the hypervisor, by name. */
  get domains(): ReadonlyMap<string, Domain> {
    return this.#domains;
  }

  /** The hypervisor reported a domain. Returns its previous report. */
  set(domain: Domain): Domain | undefined {
    const before = this.#domains.get(domain.name);
    this.#domains.set(domain.name, domain);
    this.decide(domain.name);
    return before;
  }

  /** The domain does not exist any more. */
  delete(name: string): void {
    this.#domains.delete(name);
    this.decide(name);
  }

  /** Reports a VM to the arbiter again after a decision about it. */
  decide(name: string): void {
    const { arbiter, clocks, knobs, takeover } = this.#options;
    const before = arbiter.domain(name)?.domain;
    this.contracts.changed(name);
    const domain = this.#domains.get(name);
    const served = domain !== undefined && this.isAdded(name);
    const change = served
      ? arbiter.setDomain(domain, this.contracts.of(name))
      : arbiter.removeDomain(name, domain);
    clocks.settle(change, `a change of ${name}`);
    knobs.follow(before, domain);
    takeover.found(name);
  }

  /** Reports all VMs to the arbiter after the configuration has changed. */
  decideAll(): void {
    for (const name of this.#domains.keys()) this.decide(name);
  }

  /** What the metadata of a VM says about its contract, as far as it has a say. */
  metadata(name: string): MetadataWords {
    const hasSay = this.#options.config().hypervisor.metadata;
    return metadataLayer((hasSay ? this.#domains.get(name) : undefined) ?? {});
  }

  /** Whether requests of a VM's guest are served while it runs. */
  isAdded(name: string): boolean {
    const { config, store } = this.#options;
    return store.vm(name).added ?? config().channels.autoAdd;
  }

  /** Whether the hypervisor knows a VM with a channel at this path. If it cannot tell the path, the VM is enough. */
  expects(vm: string, path: string): boolean {
    const domain = this.#domains.get(vm);
    return domain !== undefined && domain.channels?.has(path) !== false;
  }

  /** Why a channel is not served. The socket's name says which VM it belongs to; {@link Channel} checks its file. */
  admit({ vm, number, path }: Channel): Objection | undefined {
    const domain = this.#domains.get(vm);
    if (domain === undefined) return this.#unknown();
    if (this.#options.takeover.pending !== undefined)
      return { reason: "the hypervisor has not listed all VMs yet" };
    if (!this.isAdded(vm)) return { reason: "its VM was not added", remedy: `vmpowerctl add-vm ${vm}` };
    if (this.#options.store.vm(vm).channels?.[number] === "removed")
      return { reason: "an operator removed it", remedy: `vmpowerctl add-channels ${vm} ${number}` };
    if (domain.channels !== undefined && domain.channels.get(path) !== number)
      return {
        reason: "its VM's definition has no such channel",
        ...remedyFor(this.#options.hypervisor()?.remedies.defineChannel(vm, path)),
      };
    return undefined;
  }

  #unknown(): Objection {
    const hypervisor = this.#options.hypervisor();
    const status = hypervisor?.status();
    if (status?.state === "unreachable")
      return { reason: "the hypervisor cannot be reached", remedy: status.problem ?? "vmpowerctl status" };
    if (hypervisor === undefined || !this.complete) return { reason: "the hypervisor has not answered yet" };
    return hypervisor.remedies.unknownDomain;
  }
}

function remedyFor(remedy: string | undefined): { readonly remedy?: string } {
  return remedy === undefined ? {} : { remedy };
}
