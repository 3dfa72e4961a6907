import type { Log } from "../../base/log.ts";
import type { Result } from "../../base/result.ts";
import { errnoText } from "../../base/system-error.ts";
import { openXenControl, type XenControl } from "../../os/xen/control.ts";
import type { DomainOrders } from "../domain-orders.ts";
import type { Hypervisor, HypervisorEvents, HypervisorStatus } from "../hypervisor.ts";
import { Link } from "../link.ts";
import { Registry } from "../registry.ts";
import { type Connect, connectUnix } from "../stream.ts";
import { DomainWatch } from "./domain-watch.ts";
import { XenDomains } from "./hypercalls.ts";
import { xenOrders } from "./orders.ts";
import { XEN_REMEDIES } from "./remedies.ts";
import { XEN_TIMING, type XenTiming } from "./timing.ts";
import type { TrackedDomain } from "./tracked-domain.ts";
import { openXenstore, type Xenstore } from "./xenstore.ts";

/** xenstored's socket in dom0. */
const SOCKET = "/run/xenstored/socket";

/** Which Xen to follow. */
export interface XenOptions {
  readonly log: Log;
  readonly socket?: string;
  readonly connect?: Connect;
  readonly timing?: XenTiming;
  readonly openControl?: () => Result<XenControl>;
}

/** Follows the domains of this host's Xen, whatever tool started them. */
export function openXen(options: XenOptions, events: HypervisorEvents): Hypervisor {
  const follower = new Follower(options, events);
  void follower.run();
  return follower;
}

class Follower implements Hypervisor {
  readonly remedies = XEN_REMEDIES;
  readonly orders: DomainOrders;
  readonly #options: XenOptions;
  readonly #timing: XenTiming;
  readonly #link: Link;
  readonly #registry: Registry;
  readonly #tracked = new Map<number, TrackedDomain>();
  #control: XenControl | undefined;
  #xenstore: Xenstore | undefined;
  #watch: DomainWatch | undefined;

  constructor(options: XenOptions, events: HypervisorEvents) {
    this.#options = options;
    this.#timing = options.timing ?? XEN_TIMING;
    this.#link = new Link({ log: options.log, ready: () => events.ready() });
    this.#registry = new Registry(events);
    this.orders = xenOrders({
      reach: (domain) => {
        const run = this.#registry.refOf(domain);
        return run && this.#control && { id: run.id, xen: new XenDomains(this.#control) };
      },
      changed: (domain) => this.#watch?.lookNow(domain),
    });
  }

  status(): HypervisorStatus {
    return {
      driver: "xen",
      uri: "xen",
      state: this.#link.state,
      problem: this.#link.problem,
      domains: this.#registry.size,
    };
  }

  refresh(): void {
    this.#watch?.refresh();
    this.#link.retry();
  }

  lookAgain(name: string): void {
    this.#watch?.lookSoon(name);
  }

  asked(name: string): void {
    this.#watch?.asked(name);
  }

  async close(): Promise<void> {
    this.#link.close();
    this.#watch?.stop();
    this.#xenstore?.close();
    // The memory of hypercalls stays until the process ends: a late call must not find it gone.
    this.#control = undefined;
  }

  run(): Promise<void> {
    return this.#link.keep(() => this.#follow(), this.#timing);
  }

  /** Follows Xen until the connection to xenstored ends, and returns the reason. */
  async #follow(): Promise<string> {
    const opened = this.#control ?? this.#openControl();
    if (typeof opened === "string") return opened;
    const { socket = SOCKET, connect = connectUnix, log } = this.#options;
    const lost = Promise.withResolvers<string>();
    const xenstore = await openXenstore({
      connect,
      socket,
      timeoutMs: this.#timing.timeoutMs,
      onEvent: (path) => this.#watch?.event(path),
      onLost: lost.resolve,
    });
    if (!xenstore.ok) return unreachable(socket, xenstore.why);
    if (this.#link.isClosed) {
      xenstore.value.close();
      return "";
    }
    this.#xenstore = xenstore.value;
    const watch = new DomainWatch(xenstore.value, this.#tracked, {
      xen: new XenDomains(opened),
      registry: this.#registry,
      timing: this.#timing,
      log,
      onComplete: () => this.#link.connected("Connected to Xen and xenstored"),
      onTrouble: (problem) => this.#link.trouble(problem),
    });
    this.#watch = watch;
    await watch.begin();
    const reason = await lost.promise;
    watch.stop();
    this.#watch = undefined;
    return `${reason}, at "${socket}"`;
  }

  #openControl(): XenControl | string {
    const opened = (this.#options.openControl ?? openXenControl)();
    if (!opened.ok) return opened.why;
    this.#control = opened.value;
    return opened.value;
  }
}

function unreachable(socket: string, errno: string): string {
  switch (errno) {
    case "ENOENT":
    case "ECONNREFUSED":
      return `xenstored is not running, or not in dom0 (nobody listens at "${socket}"): systemctl start xenstored`;
    case "EACCES":
    case "EPERM":
      return `No permission for "${socket}": start vm-power by systemd or as root`;
    default:
      return `Cannot connect to xenstored at "${socket}": ${errnoText(errno)}`;
  }
}
