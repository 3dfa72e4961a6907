import { isDeepStrictEqual as isDeepEqual } from "node:util";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Domain } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import type { Ending } from "../../base/origin.ts";
import type { Channel } from "../../channels/channel.ts";
import type { CpufreqEvents, Drift } from "../../cpufreq/cpufreq.ts";
import type { HypervisorEvents } from "../../hypervisor/hypervisor.ts";
import type { Alarm } from "../alarm.ts";
import type { TakeoverEvents } from "../lifecycle/takeover.ts";
import type { LimitedLog } from "../limited-log.ts";
import { orderAgain } from "../operators/order-again.ts";
import type { Quarantine } from "../packet/rate-limit.ts";
import type { Parts } from "../parts.ts";
import { ENDING_WORDS, ORIGIN_WORDS } from "../words/domain-text.ts";
import { driftText } from "../words/drift-text.ts";
import { quarantineText } from "../words/refusal-text.ts";
import { CpuReport } from "./cpu-report.ts";
import { Departures } from "./departures.ts";
import { reservedCpus } from "./reserved.ts";
import { SavedVms } from "./saved-vms.ts";

/** What {@link HostEvents} needs. */
export interface HostEventsOptions {
  readonly log: Log;
  /** The log for lines that a guest or its QEMU can cause. */
  readonly limited: LimitedLog;
  readonly alarm: Alarm;
}

/** Handles events of the hypervisor, the kernel and the channels. Each one ends in a change of the arbiter. */
export class HostEvents implements HypervisorEvents, CpufreqEvents, TakeoverEvents {
  readonly #parts: () => Parts;
  readonly #log: Log;
  readonly #limited: LimitedLog;
  readonly #cpuReport = new CpuReport();
  readonly #departures: Departures;
  readonly #saved = new SavedVms();
  #isStarted = false;

  constructor(parts: () => Parts, { log, limited, alarm }: HostEventsOptions) {
    this.#parts = parts;
    this.#log = log;
    this.#limited = limited;
    this.#departures = new Departures(alarm, (vm) => this.#left(vm));
  }

  /** A domain was started, changed, paused or resumed. */
  domain(domain: Domain): void {
    const { vms, channels, events, arbiter, moment, attachAtStart, usage } = this.#parts();
    const { name, state, origin, pins } = domain;
    const before = vms.set(domain);
    usage.placed(domain);
    const runsAgain = state === "running" && before?.state !== "running";
    if (runsAgain && this.#saved.began(domain, { arbiter, moment })) vms.decide(name);
    channels.state(name, domain.channels);
    channels.reconsider(name);
    attachAtStart.seen(domain);
    if (!isDeepEqual(before?.contract, domain.contract)) this.#tellMetadata(name);
    const pinning = pins.map((pcpus, vcpu) => `${vcpu}:${formatCpuList(pcpus) || "offline"}`).join(" ");
    // While it is paused, for example because it is being built, its pins are of no interest.
    if (before?.state === state && (state === "paused" || describe(before) === pinning)) return;
    const what =
      state === "paused"
        ? `is paused (${ORIGIN_WORDS[origin]}): its claims rest until it runs again`
        : `runs (${ORIGIN_WORDS[origin]}), vCPU:CPUs ${pinning}`;
    this.#log.info(`${name} ${what}`, { MESSAGE_ID: MESSAGE_IDS.vmRuns, VM: name, STATE: state });
    events.publish("vm", `${name} ${what}`, { vm: name });
  }

  /** A domain does not exist any more. */
  gone(name: string, ending: Ending): void {
    const detail = ENDING_WORDS[ending];
    const { vms, channels, events, arbiter, attachAtStart, usage } = this.#parts();
    attachAtStart.gone(name);
    this.#saved.ended(vms.domains.get(name), ending, { arbiter });
    vms.delete(name);
    usage.gone(name);
    channels.state(name, undefined);
    channels.reconsider(name);
    const claims = ending === "saved" ? "rest until it is restored here" : "end";
    const message = `${name} is gone (${detail}): its claims ${claims}`;
    this.#log.notice(message, { MESSAGE_ID: MESSAGE_IDS.vmGone, VM: name, REASON: detail });
    events.publish("vm", message, { vm: name });
  }

  /** The hypervisor has reported its first complete list. VMs that are not on it do not run. */
  ready(): void {
    const { channels, takeover, vms } = this.#parts();
    vms.complete = true;
    takeover.complete();
    channels.reconsider();
  }

  /** While a VM may run unseen, no CPU is parked. */
  followsAll(all: boolean): void {
    const { arbiter, clocks } = this.#parts();
    clocks.settle(arbiter.parking.knowAll(all), "a change of the hypervisor's state");
  }

  /** The claims of these VMs were taken over from the previous daemon. They end if the guests have left meanwhile. */
  takenOver(vms: Iterable<string>): void {
    this.#parts().channels.reconsider();
    for (const vm of vms) this.#noticeDeparture(vm);
  }

  /** A CPU came, went, or has another table. */
  clocksChanged(): void {
    const { arbiter, clocks, cpufreq, events, knobs, store, time, usage, vms } = this.#parts();
    const cause = "a change of the host's CPUs";
    clocks.settle(arbiter.setClocks(cpufreq.clocks(), reservedCpus(cpufreq)), cause);
    orderAgain(store, cause, { arbiter, clocks, time, operated: undefined });
    knobs.settle();
    usage.follow(vms.domains.values());
    const changes = this.#cpuReport.changes(cpufreq.clocks(), cpufreq.unmanaged());
    // Another program may change CPUs again and again.
    for (const { level, text } of changes) this.#limited("the host's CPUs", level, () => ({ message: text }));
    const what = changes.map(({ text }) => text).join("; ");
    events.publish("cpu", what === "" ? "the host's CPUs changed" : `the host's CPUs changed: ${what}`);
  }

  /** Another program changed a managed file. */
  drift(drift: Drift): void {
    const { clock, file, ours, found, outcome } = drift;
    const message = driftText(drift);
    const khz = isKhz(ours) && isKhz(found) ? { OLD_KHZ: ours, NEW_KHZ: found } : {};
    this.#limited(`drift of CPU ${clock}`, "warning", () => ({
      message,
      fields: {
        ...{ MESSAGE_ID: MESSAGE_IDS.drift, CPU: clock, FILE: file, OLD: ours, NEW: found },
        ...khz,
        OUTCOME: outcome,
      },
    }));
    const { arbiter, clocks, events, time } = this.#parts();
    if (outcome === "yielded") arbiter.yielded(clock);
    clocks.driftCount++;
    clocks.drifts.set(clock, { atMs: time().wallMs, file, ours, found, outcome });
    events.publish("drift", message, { pcpu: clock });
  }

  /** What was written in this turn was read again. */
  readBack(): void {
    this.#parts().stopwatch.readBack();
  }

  /** A channel was connected, lost or refused. */
  channelChanged(channel: Channel): void {
    const { events, store, vms } = this.#parts();
    const { vm, number, status, objection } = channel;
    channel.enabled = store.vm(vm).channels?.[number] !== "disabled";
    this.#noticeDeparture(vm);
    // The summary of the start counts those that are served; thousands of lines would bury it.
    const isTold = status === "refused" ? vms.complete : this.#isStarted;
    if (!isTold) return;
    const why =
      objection === undefined ? "" : `: ${[objection.reason, objection.remedy].filter(Boolean).join("; ")}`;
    const message = `Channel ${vm}.${number} is ${status}${why}`;
    const level = status === "refused" ? "notice" : "info";
    // The process that serves the socket may open and close it again and again.
    this.#limited(`${vm}.${number}`, level, () => ({
      message,
      fields: { MESSAGE_ID: MESSAGE_IDS.channel, VM: vm, CHANNEL: number, STATUS: status },
    }));
    events.publish("channel", message, { vm, channel: number });
  }

  /** A channel asked far too often for a while. */
  quarantined({ vm, number }: Channel, quarantine: Quarantine): void {
    const { events, time } = this.#parts();
    const { asked, untilMs } = quarantine;
    const why = quarantineText({ asked, forMs: untilMs - time().monoMs });
    const message = `${vm} asks on channel ${number} too often: ${why}`;
    this.#limited(`quarantine of ${vm}`, "warning", () => ({
      message,
      fields: { MESSAGE_ID: MESSAGE_IDS.quarantined, VM: vm, CHANNEL: number },
    }));
    events.publish("channel", message, { vm, channel: number });
  }

  /** Reports which CPUs are managed and which are not. */
  reportCpus(): void {
    const { config, cpufreq } = this.#parts();
    for (const { level, text } of this.#cpuReport.changes(cpufreq.clocks(), cpufreq.unmanaged()))
      this.#log[level](text);
    if (config().cpufreq.dryRun)
      this.#log.warning("DryRun=yes: everything is decided and answered, and no CPU is changed");
  }

  /** The start is over. Returns a summary of the daemon in one line. */
  started(): string {
    this.#isStarted = true;
    const { channels, cpufreq } = this.#parts();
    const pcpus = cpufreq.clocks().reduce((sum, clock) => sum + clock.pcpus.length, 0);
    const all = [...channels.list()];
    const connected = all.filter(({ status }) => status === "connected").length;
    return `${pcpus} CPUs scaled, ${connected} of ${all.length} channels connected`;
  }

  /** Tells what the new metadata of a VM says about its contract. */
  #tellMetadata(vm: string): void {
    const { events, vms } = this.#parts();
    const { layer, problems } = vms.metadata(vm);
    const unknown = vms.contracts
      .resolved(vm)
      .unknownClasses.filter(({ origin }) => origin.kind === "metadata");
    const held = [...layer].filter(([key]) => key !== "Class" || unknown.length === 0);
    const says = held.map(([key, { text }]) => `${key}=${text}`).join(" ") || "nothing";
    const wrong = [...problems, ...unknown.map(({ text }) => `There is no class "${text}"`)];
    const faults = wrong.length === 0 ? "" : `; left out: ${wrong.join("; ")}`;
    const message = `The metadata of ${vm} says about its contract: ${says}${faults}`;
    // Who may define domains may do so again and again.
    this.#limited(`metadata of ${vm}`, wrong.length === 0 ? "info" : "warning", () => ({
      message,
      fields: { VM: vm },
    }));
    events.publish("vm", message, { vm });
  }

  #noticeDeparture(vm: string): void {
    const own = this.#parts().channels.of(vm);
    this.#departures.changed(
      vm,
      own.some(({ status }) => status === "connected"),
    );
  }

  #left(vm: string): void {
    const { arbiter, channels, clocks } = this.#parts();
    // On a busy host the time may be over before a connect is answered.
    if (channels.of(vm).some(({ isDialling }) => isDialling)) return this.#noticeDeparture(vm);
    const change = arbiter.endRequests(vm);
    if (change.writes.length > 0)
      this.#limited(`channels of ${vm}`, "notice", () => ({
        message: `All channels of ${vm} are closed: its claims end`,
        fields: { VM: vm },
      }));
    clocks.settle(change, `the end of ${vm}'s channels`);
  }
}

function describe({ pins }: Domain): string {
  return pins.map((pcpus, vcpu) => `${vcpu}:${formatCpuList(pcpus) || "offline"}`).join(" ");
}

/** Whether a file of cpufreq contains a speed, not a word. */
function isKhz(text: string): boolean {
  return /^\d+$/.test(text);
}
