import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Change, Refusal } from "../../arbiter/view.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { PolicyRule } from "../../base/policy-rule.ts";
import type { AppConfig } from "../../config/config.ts";
import type { Scale, ScaleAction } from "../../wire/packet.ts";
import type { Alarm } from "../alarm.ts";
import type { Events } from "../events/events.ts";
import type { Clocks, Performed } from "../host/clocks.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { PolicyClock } from "../local-hours.ts";
import { RateLimit } from "../packet/rate-limit.ts";
import { appRefusalText } from "../words/app-refusal-text.ts";
import { type Asker, contractOf, nameOf, rightsOf } from "./asker.ts";

/** The most users of one application that want something at a time. Each application has its own limit. */
const ASKERS_PER_APP_MAX = 32;

/** An asker without wants that is silent for this long is forgotten, in ms. Until then its rate is remembered. */
const FORGOTTEN_MS = 60_000;

/** What {@link Askers} needs. */
export interface AskersOptions {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly alarm: Alarm;
  readonly moment: PolicyClock;
  readonly events: Events;
  readonly log: LimitedLog;
}

/** Why something is not granted: at once, or with a slow back end later. */
export type Refused = Refusal | undefined | Promise<Refusal | undefined>;

/**
 * The applications of the host that want something. Each asker is a domain of the arbiter without vCPUs, which names CPUs
 * of the host, but only its own; so contracts, leases, dwell and policies are those of guests.
 */
export class Askers {
  readonly #options: AskersOptions;
  readonly #askers = new Map<string, Asker>();
  #isClosed = false;

  constructor(options: AskersOptions) {
    this.#options = options;
  }

  /** All askers that are remembered, by name. */
  get all(): ReadonlyMap<string, Asker> {
    return this.#askers;
  }

  /** A user of an application. */
  of(app: AppConfig, uid: number): Asker | Refusal {
    const known = this.#used(app, `${uid}`);
    if (known !== undefined) return known;
    const full = { code: "too-many-askers", max: ASKERS_PER_APP_MAX } as const;
    return this.#hasRoom(app) ? this.#add(app, `${uid}`, true) : full;
  }

  /** The FIFO of a CPU, through which an application asks. There are no more than CPUs. */
  ofFifo(app: AppConfig, cpu: Pcpu): Asker {
    const who = `fifo${cpu}`;
    return this.#used(app, who) ?? this.#add(app, who, false);
  }

  /** Asks for a speed of one CPU. `own` are the CPUs that it may name. Ends after `leaseSec` seconds; 0: never. */
  scale(
    asker: Asker,
    {
      cpu,
      action,
      own,
      leaseSec,
    }: { cpu: Pcpu; action: ScaleAction; own: readonly Pcpu[]; leaseSec: number },
  ): Refused {
    const { arbiter, events, moment } = this.#options;
    const { now } = moment();
    const request: Scale = { kind: "scale", resource: cpu, action, physical: true };
    const refusal = this.#judge(asker, [cpu], own);
    const change = refusal === undefined ? arbiter.scale(asker.name, request, now, leaseSec) : undefined;
    return this.#perform(change, (late) => {
      const refused = refusal ?? late;
      if (events.wanted) events.request(asker.name, request, refused, now);
      return this.#count(asker, `${action} for CPU ${cpu}`, refused);
    });
  }

  /** Leaves a guest policy, in place of the one before. Ends after `leaseSec` seconds; 0: never. */
  follow(
    asker: Asker,
    {
      rule,
      cpus,
      own,
      leaseSec,
    }: { rule: PolicyRule; cpus: readonly Pcpu[]; own: readonly Pcpu[]; leaseSec: number },
  ): Refused {
    const { arbiter, events, moment } = this.#options;
    const present = moment();
    const order = { rule, resources: cpus, physical: true, by: undefined };
    const refusal = this.#judge(asker, cpus, own);
    const change = refusal === undefined ? arbiter.policies.set(asker.name, order, present) : undefined;
    return this.#perform(change, (late) => {
      const refused = refusal ?? late;
      if (events.wanted) events.policy(asker.name, refused, present.now);
      if (refused === undefined) this.#lease(asker, leaseSec);
      return this.#count(asker, "a guest policy", refused);
    });
  }

  /** Counts and logs something that an asker sent and that is no request. It costs as much as one. */
  malformed(asker: Asker, reason: () => string): void {
    const { log, moment } = this.#options;
    asker.rate.take(asker.app, moment().now.monoMs);
    asker.counters.refused++;
    log(asker.name, "notice", () => ({
      message: `${asker.name} sent something that is not carried out: ${reason()}`,
    }));
  }

  /** Ends the policy of an asker. */
  endPolicy(asker: Asker): void {
    const { arbiter, clocks } = this.#options;
    if (this.#isClosed) return;
    this.#lease(asker, 0);
    clocks.settle(arbiter.policies.remove(asker.name), `the end of ${asker.name}'s policy`);
  }

  /** Ends everything that an asker wants. */
  end(asker: Asker): void {
    const { arbiter, clocks } = this.#options;
    if (this.#isClosed) return;
    this.#lease(asker, 0);
    clocks.settle(arbiter.endRequests(asker.name), `the end of what ${asker.name} wants`);
  }

  /** Applies a configuration that was replaced. What is asked for CPUs that may have become those of others ends. */
  reconfigure(apps: readonly AppConfig[]): void {
    const byName = new Map(apps.map((app) => [app.name, app]));
    for (const [name, asker] of this.#askers) {
      const app = byName.get(asker.app.name);
      if (app === undefined || rightsOf(app) !== rightsOf(asker.app)) this.#forget(asker);
      else this.#askers.set(name, { ...asker, app });
    }
    for (const asker of this.#askers.values()) this.#place(asker);
  }

  /** From now on nothing changes a clock, because the daemon restores them. */
  close(): void {
    this.#isClosed = true;
  }

  /** Its guest policy ends after so many seconds; 0: never. */
  #lease(asker: Asker, leaseSec: number): void {
    const { alarm, moment } = this.#options;
    const name = `lease of ${asker.name}`;
    if (leaseSec === 0) {
      asker.policyUntilMs = undefined;
      alarm.cancel(name);
      return;
    }
    asker.policyUntilMs = moment().now.monoMs + leaseSec * 1000;
    alarm.at(name, asker.policyUntilMs, () => this.endPolicy(asker));
  }

  #used(app: AppConfig, who: string): Asker | undefined {
    const asker = this.#askers.get(nameOf(app, who));
    if (asker !== undefined) asker.usedMs = this.#options.moment().now.monoMs;
    return asker;
  }

  #add(app: AppConfig, who: string, isUser: boolean): Asker {
    const { monoMs } = this.#options.moment().now;
    const asker: Asker = {
      ...{ name: nameOf(app, who), app, isUser, usedMs: monoMs, counters: { granted: 0, refused: 0 } },
      rate: new RateLimit(app, monoMs),
    };
    this.#askers.set(asker.name, asker);
    this.#place(asker);
    return asker;
  }

  #hasRoom(app: AppConfig): boolean {
    const { monoMs } = this.#options.moment().now;
    const own = [...this.#askers.values()].filter((each) => each.isUser && each.app.name === app.name);
    if (own.length < ASKERS_PER_APP_MAX) return true;
    const idle = own.find((each) => monoMs - each.usedMs >= FORGOTTEN_MS && !this.#wants(each));
    if (idle !== undefined) this.#forget(idle);
    return idle !== undefined;
  }

  #wants({ name }: Asker): boolean {
    const { arbiter } = this.#options;
    return arbiter.named(name).length > 0 || arbiter.policies.list(name).length > 0;
  }

  #place({ name, app }: Asker): void {
    const { arbiter, clocks } = this.#options;
    const domain = { name, state: "running", origin: "unknown", pins: [], channels: undefined } as const;
    clocks.settle(arbiter.setDomain(domain, contractOf(app)), `a change of ${name}`);
  }

  #forget(asker: Asker): void {
    const { arbiter, clocks } = this.#options;
    this.#lease(asker, 0);
    this.#askers.delete(asker.name);
    clocks.settle(arbiter.removeDomain(asker.name), `the end of ${asker.name}`);
  }

  /** Each CPU that is named costs as much as a request. */
  #judge({ rate, app }: Asker, cpus: readonly Pcpu[], own: readonly Pcpu[]): Refusal | undefined {
    if (this.#isClosed) return { code: "not-running" };
    const { monoMs } = this.#options.moment().now;
    for (const cpu of cpus) {
      const excess = rate.take(app, monoMs);
      if (excess !== undefined) return excess;
      if (!own.includes(cpu)) return { code: "cpu-of-others", pcpu: cpu };
    }
    return undefined;
  }

  #perform(change: Change | undefined, done: (refusal: Refusal | undefined) => Refusal | undefined): Refused {
    if (change === undefined) return done(undefined);
    const came = (refused: Performed) =>
      done(refused === undefined ? change.refusal : { code: "kernel-refused", reason: refused.reason });
    const performed = this.#options.clocks.perform(change);
    return performed instanceof Promise ? performed.then(came) : came(performed);
  }

  #count(asker: Asker, what: string, refusal: Refusal | undefined): Refusal | undefined {
    if (refusal === undefined) asker.counters.granted++;
    else {
      asker.counters.refused++;
      this.#options.log(asker.name, "notice", () => ({
        message: `${asker.name} was refused ${what}: ${appRefusalText(refusal, asker.app.name)}`,
      }));
    }
    return refusal;
  }
}
