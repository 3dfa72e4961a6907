import type { Vcpu } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import type { Hypervisor, HypervisorEvents, HypervisorStatus } from "../hypervisor.ts";
import { Link } from "../link.ts";
import { Registry } from "../registry.ts";
import type { ProcessRule } from "./examine.ts";
import { hostKernel, type Kernel } from "./kernel.ts";
import { Proc } from "./proc.ts";
import { ProcessWatch } from "./process-watch.ts";
import { Refusals } from "./refusals.ts";
import { QEMU_REMEDIES } from "./remedies.ts";
import { QEMU_TIMING, type QemuTiming } from "./timing.ts";
import { vcpuTimesOf } from "./vcpu-times.ts";

/** Which processes to follow. */
export interface QemuOptions {
  readonly log: Log;
  readonly rule: ProcessRule;
  /** Where the kernel tells about processes. */
  readonly root?: string;
  readonly kernel?: Kernel;
  readonly timing?: QemuTiming;
}

/** Follows the QEMU processes of this host, whatever started them. */
export function openQemu(options: QemuOptions, events: HypervisorEvents): Hypervisor {
  return new Follower(options, events);
}

class Follower implements Hypervisor {
  readonly remedies = QEMU_REMEDIES;
  readonly #link: Link;
  readonly #events: HypervisorEvents;
  readonly #proc: Proc;
  readonly #registry: Registry;
  readonly #refusals: Refusals;
  readonly #watch: ProcessWatch;

  constructor(
    { log, rule, root = "/proc", kernel = hostKernel(), timing = QEMU_TIMING }: QemuOptions,
    events: HypervisorEvents,
  ) {
    this.#link = new Link({ log, ready: () => events.ready() });
    this.#events = events;
    this.#proc = new Proc(root);
    this.#registry = new Registry(events);
    this.#refusals = new Refusals(log);
    this.#watch = new ProcessWatch({
      proc: this.#proc,
      kernel,
      rule,
      timing,
      registry: this.#registry,
      refusals: this.#refusals,
      complete: (all) => this.#complete(all),
      trouble: (problem) => this.#trouble(problem),
    });
    this.#watch.refresh();
  }

  status(): HypervisorStatus {
    return {
      driver: "qemu",
      uri: "qemu",
      state: this.#link.state,
      problem: this.#link.problem,
      note: this.#refusals.summary,
      domains: this.#registry.size,
    };
  }

  refresh(): void {
    this.#watch.refresh();
  }

  lookAgain(name: string): void {
    this.#watch.lookAgain(name);
  }

  async vcpuTimes(name: string): Promise<ReadonlyMap<Vcpu, number> | undefined> {
    const qemu = this.#watch.find(name);
    return qemu && vcpuTimesOf(this.#proc, qemu);
  }

  async close(): Promise<void> {
    this.#watch.stop();
  }

  #complete(all: boolean): void {
    if (!this.#proc.seesOthers) return this.#trouble(HIDDEN);
    this.#events.followsAll(all);
    this.#link.connected("Follows the QEMU processes of this host");
  }

  #trouble(problem: string): void {
    this.#link.trouble(problem);
    this.#events.followsAll(false);
  }
}

/** systemd hides the processes of other users from the unit as it is installed. */
const HIDDEN =
  "The processes of this host are hidden from the daemon: install the drop-in /usr/share/doc/vm-power/examples/qemu.conf";
