import type { Vcpu } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { DomainOrders } from "../domain-orders.ts";
import type { Hypervisor, HypervisorEvents, HypervisorStatus } from "../hypervisor.ts";
import { Link } from "../link.ts";
import { Registry } from "../registry.ts";
import { type Connect, connectUnix } from "../stream.ts";
import { coreEnergyOf, WITHOUT_ENERGY_MS } from "./core-energy.ts";
import { receivedPacketsOf } from "./interface-stats.ts";
import type { DomainRef } from "./messages.ts";
import { libvirtOrders } from "./orders.ts";
import { PidFiles } from "./pid-files.ts";
import { LIBVIRT_REMEDIES } from "./remedies.ts";
import { openSession, type Session } from "./session.ts";
import { type Question, SingleCalls } from "./single-calls.ts";
import { LIBVIRT_TIMING, type LibvirtTiming } from "./timing.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import { addressOf, type LibvirtAddress, SOCKET_DIRECTORY } from "./uri.ts";
import { vcpuTimesOf } from "./vcpu-times.ts";
import { Watch } from "./watch.ts";

/** Which libvirt to follow. */
export interface LibvirtOptions {
  /** For example `qemu:///system`. */
  readonly uri: string;
  /** The socket file, if it is not one of libvirt's own. */
  readonly socket?: string | undefined;
  readonly log: Log;
  readonly connect?: Connect;
  readonly timing?: LibvirtTiming;
}

/** A hypervisor driver for libvirt, with orders. */
export interface LibvirtHypervisor extends Hypervisor {
  readonly orders: DomainOrders;
}

/** Follows the domains of this machine's libvirt. libvirt may start late, end, hang and come back. */
export function openLibvirt(options: LibvirtOptions, events: HypervisorEvents): LibvirtHypervisor {
  const follower = new Follower(options, events);
  void follower.run();
  return follower;
}

class Follower implements LibvirtHypervisor {
  readonly #options: LibvirtOptions;
  readonly #timing: LibvirtTiming;
  readonly #events: HypervisorEvents;
  readonly #link: Link;
  readonly #registry: Registry;
  readonly #address: Result<LibvirtAddress>;
  readonly #pidFiles: PidFiles;
  // One that hangs for packets must not keep CPU times from being told.
  readonly #interfaceCalls = new SingleCalls();
  readonly #timeCalls = new SingleCalls();
  readonly #energyCalls = new SingleCalls({ withoutMs: WITHOUT_ENERGY_MS });
  readonly #end = new AbortController();
  #followsAll = false;
  #session: Session | undefined;
  #watch: Watch | undefined;
  #silence: Timer | undefined;

  readonly orders: DomainOrders;
  readonly remedies = LIBVIRT_REMEDIES;

  constructor(options: LibvirtOptions, events: HypervisorEvents) {
    this.#options = options;
    this.#timing = options.timing ?? LIBVIRT_TIMING;
    const { uri, socket } = options;
    this.#address = addressOf(uri, socket, SOCKET_DIRECTORY);
    this.#pidFiles = new PidFiles(this.#address.ok ? this.#address.value.pidFiles : undefined);
    this.orders = libvirtOrders({
      address: this.#address,
      connect: options.connect ?? connectUnix,
      callTimeoutMs: this.#timing.callTimeoutMs,
      changed: async (domain) => this.#watch?.lookNow(domain),
    });
    this.#events = events;
    const changed = () => this.#tellFollowed();
    this.#link = new Link({ log: options.log, ready: () => events.ready(), changed });
    this.#registry = new Registry(events);
  }

  status(): HypervisorStatus {
    return {
      driver: "libvirt",
      uri: this.#options.uri,
      state: this.#link.state,
      problem: this.#link.problem,
      domains: this.#registry.size,
      note: this.#pidFiles.note(this.#registry.unidentified()),
    };
  }

  refresh(): void {
    this.#watch?.refresh();
    this.#link.retry();
  }

  lookAgain(name: string): void {
    this.#watch?.lookSoon(name);
  }

  receivedPackets(name: string, mac: string): Promise<number | undefined> {
    return this.#ask(name, this.#interfaceCalls, (domain) => receivedPacketsOf(domain, mac));
  }

  vcpuTimes(name: string, vcpus: number): Promise<ReadonlyMap<Vcpu, number> | undefined> {
    return this.#ask(name, this.#timeCalls, (domain) => vcpuTimesOf(domain, vcpus));
  }

  coreEnergy(name: string): Promise<ReadonlyMap<string, number> | undefined> {
    return this.#ask(name, this.#energyCalls, coreEnergyOf);
  }

  async #ask<T>(
    name: string,
    calls: SingleCalls,
    question: (domain: DomainRef) => Question<T>,
  ): Promise<T | undefined> {
    const domain = this.#registry.refOf(name);
    const rpc = this.#session?.rpc;
    return domain === undefined || rpc === undefined ? undefined : calls.ask(rpc, domain, question(domain));
  }

  async close(): Promise<void> {
    this.#link.close();
    this.#watch?.stop();
    await this.#session?.close();
    this.#end.abort();
  }

  async run(): Promise<void> {
    const address = this.#address;
    if (!address.ok) this.#link.trouble(address.why);
    else await this.#link.keep(() => this.#follow(address.value), this.#timing);
  }

  /** Follows libvirt until the connection ends, and returns the reason. */
  async #follow(address: LibvirtAddress): Promise<string> {
    const lost = Promise.withResolvers<string>();
    const opened = await this.#openAny(address, lost.resolve);
    if (!opened.ok) return opened.why.text;
    const { session, socket } = opened.value;
    const watch = new Watch(session.rpc, {
      registry: this.#registry,
      log: this.#options.log,
      timing: this.#timing,
      pidFiles: this.#pidFiles,
      onComplete: () => this.#link.connected(`Connected to libvirt at "${socket}"`),
      onLook: () => this.#tellFollowed(),
    });
    this.#session = session;
    this.#watch = watch;
    watch.refresh();
    const reason = await lost.promise;
    clearTimeout(this.#silence);
    watch.stop();
    this.#session = undefined;
    this.#watch = undefined;
    return `${reason}, at "${socket}"`;
  }

  /** Opens the first socket on which libvirt answers. */
  async #openAny(
    { uri, sockets }: LibvirtAddress,
    onLost: (reason: string) => void,
  ): Promise<Result<{ readonly session: Session; readonly socket: string }, Trouble>> {
    let worst: Trouble = { text: "No socket", weight: -1 };
    for (const socket of sockets) {
      const session = await openSession({
        connect: this.#options.connect ?? connectUnix,
        socket,
        uri,
        callTimeoutMs: this.#timing.callTimeoutMs,
        signal: this.#end.signal,
        onEvent: (event) => this.#watch?.event(event),
        onLost,
        onSilent: (isSilent) => this.#silent(isSilent, socket),
      });
      if (session.ok) return success({ session: session.value, socket });
      const trouble = troubleOf(session.why, uri, { socket });
      if (trouble.weight > worst.weight) worst = trouble;
      // A daemon that does not answer on one of its sockets does not answer on the others either.
      if (session.why.kind === "silent") break;
    }
    return failure(worst);
  }

  /** The known domains stay as they are. When libvirt answers again, all are read again. */
  #silent(isSilent: boolean, socket: string): void {
    clearTimeout(this.#silence);
    if (!isSilent) {
      this.#watch?.refresh();
      return;
    }
    this.#link.trouble(troubleOf({ kind: "silent" }, this.#options.uri, { socket }).text);
    const giveUp = (): void => this.#session?.rpc.end("libvirt stayed silent");
    this.#silence = setTimeout(giveUp, this.#timing.silenceMs);
  }

  #tellFollowed(): void {
    const all = this.#link.state === "connected" && this.#watch?.seesAll === true;
    if (all === this.#followsAll) return;
    this.#followsAll = all;
    this.#events.followsAll(all);
  }
}
