import type { Event, Load, VmEnergy } from "../admin/control-types.ts";
import { daemonTroubles } from "../ctl/status/daemon-troubles.ts";
import { momentOf } from "../ctl/top/rows.ts";
import { isSame, type Subject } from "./choice.ts";
import type { Connection, EventReply } from "./connection.ts";
import { CpuMap } from "./cpu-map.ts";
import { byId, setText } from "./dom.ts";
import { EnergyPlot, wattsOf } from "./energy-plot.ts";
import { EventList } from "./event-list.ts";
import type { EnergyLook, Look, Watcher } from "./session.ts";
import { SpeedHistory } from "./speed-history.ts";
import { SpeedPlots } from "./speed-plots.ts";
import { scaleOf } from "./speed-scale.ts";
import type { State } from "./state-text.ts";
import { type Power, showSummary } from "./summary.ts";
import { showTroubles } from "./troubles.ts";
import { VcpuTable } from "./vcpu-table.ts";
import { WhyPanel } from "./why-panel.ts";

/** Between two drawings of the plots, in ms: no more than their points are apart. */
const PLOT_MS = 10_000;

/** All of the page: what a session learns is drawn here. */
export class View implements Watcher {
  /** Looks that were drawn since the page was opened. */
  looks = 0;
  readonly #history = new SpeedHistory();
  readonly #speeds = new SpeedPlots(this.#history);
  readonly #power = new EnergyPlot();
  readonly #events = new EventList();
  readonly #map = new CpuMap((cpu) => this.#choose({ kind: "cpu", cpu }));
  readonly #table = new VcpuTable((subject) => this.#choose(subject));
  readonly #why = new WhyPanel(() => this.#choose(undefined));
  #subject: Subject | undefined;
  #last: { readonly look: Look; readonly connection: Connection } | undefined;
  #before: Load | undefined;
  #energy: ReadonlyMap<string, VmEnergy> = new Map();
  #powerNow: Power | undefined;
  #plottedMs = 0;

  history(events: readonly Event[]): void {
    this.#history.begin(events);
    this.#events.begin(events);
    this.#plottedMs = 0;
  }

  async look(look: Look, connection: Connection): Promise<void> {
    const { status, cpus, load } = look;
    this.looks++;
    this.#last = { look, connection };
    const moment = momentOf(load, this.#before);
    this.#before = load;
    this.#showState({ word: "running", mood: "good" });
    showTroubles([...daemonTroubles(status), ...look.channels]);
    showSummary(look, { moment, power: this.#powerNow });
    this.#map.show(cpus, load);
    this.#table.show(moment, scaleOf(cpus), this.#energy);
    const nowMs = Date.now();
    this.#history.add(cpus, nowMs);
    if (nowMs - this.#plottedMs >= PLOT_MS) {
      this.#plottedMs = nowMs;
      this.#speeds.showHost(scaleOf(cpus), nowMs);
    }
    await this.#explain();
  }

  energy(look: EnergyLook): void {
    if ("unknown" in look) return setText(byId("energy-note"), look.unknown);
    this.#power.show(look.points, look.energy);
    this.#energy = new Map(look.energy.vms.map((each) => [each.vm, each]));
    const last = look.points.at(-1);
    this.#powerNow = last && { watts: wattsOf(last), isMetered: look.energy.meteredJoules > 0 };
  }

  event(reply: EventReply): void {
    this.#events.add(reply);
  }

  /** Shows that there is no connection, and why. What was seen last stays, marked as old. */
  away(state: State): void {
    this.#last = undefined;
    this.#before = undefined;
    this.#showState(state);
    if (state.trouble !== undefined) showTroubles([state.trouble], state.mood === "busy" ? "busy" : "bad");
  }

  /** Draws the plots with the colours of another theme. */
  restyle(): void {
    this.#speeds.restyle();
    this.#power.restyle();
  }

  #showState({ word, mood }: State): void {
    const state = byId("state");
    setText(state, word);
    if (state.className !== mood) state.className = mood;
    document.body.classList.toggle("old", mood !== "good" && this.looks > 0);
    document.body.classList.toggle("empty", this.looks === 0);
  }

  #choose(subject: Subject | undefined): void {
    const next = isSame(subject, this.#subject) ? undefined : subject;
    this.#subject = next;
    this.#map.mark(next?.kind === "cpu" ? next.cpu : undefined);
    this.#table.mark(next);
    this.#why.choose(next);
    this.#speeds.hideClock();
    // A session that ends tells so itself.
    void this.#explain().catch(() => {});
  }

  async #explain(): Promise<void> {
    if (this.#last === undefined) return;
    const { look, connection } = this.#last;
    const clock = await this.#why.refresh(connection);
    if (clock !== undefined) this.#speeds.showClock(clock, scaleOf(look.cpus), Date.now());
  }
}
