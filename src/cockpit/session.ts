import type { Cpu, Energy, EnergyPoint, Event, Exiting, Load, Status } from "../admin/control-types.ts";
import { refusedChannels, type Trouble } from "../ctl/trouble.ts";
import { AnswerError, Connection, type EventReply } from "./connection.ts";

/** From the end of one look to the begin of the next, in ms. A hidden page does not look. */
const LOOK_MS = 2000;

/** Answers that take long are followed by a pause of this many times as long: the daemon has other things to do. */
const PAUSE_RATIO = 5;

/** Between two looks at energy, which is accounted by minutes, in ms. */
const ENERGY_MS = 20_000;

/** Of how much time it is asked for energy, in s. */
const HOUR_SECONDS = 60 * 60;

/** On a host with many VMs minutes are not kept for an hour: an answer with fewer points than these has hours. */
const POINTS_MIN = 3;

/** How far back the daemon is asked what happened, in ms: some time before the plots begin, to know what was set then. */
const HISTORY_MS = 6 * 60 * 60 * 1000;

/** How long the event that the daemon ends may follow the end of another connection, in ms. */
const LAST_WORD_MS = 300;

/** What one look at the daemon saw. */
export interface Look {
  readonly status: Status;
  readonly cpus: readonly Cpu[];
  readonly load: Load;
  /** Why channels are not served. */
  readonly channels: readonly Trouble[];
}

/** The energy of the last hour, and its points; or why none is known. */
export type EnergyLook =
  | { readonly energy: Energy; readonly points: readonly EnergyPoint[] }
  | { readonly unknown: string };

/** Where a session brings what it learns. */
export interface Watcher {
  history(events: readonly Event[]): void;
  /** The connection serves further questions until the session ends. */
  look(look: Look, connection: Connection): Promise<void>;
  energy(look: EnergyLook): void;
  event(reply: EventReply): void;
}

/** How a session ended: the page was hidden, the daemon said that it ends, or something failed. */
export type Ending =
  | { readonly kind: "hidden" }
  | { readonly kind: "exiting"; readonly exiting: Exiting }
  | Failed;
interface Failed {
  readonly kind: "failed";
  readonly error: unknown;
}

/** Looks at the daemon and follows its events until one of them ends, or the page is hidden. */
export async function runSession(watcher: Watcher): Promise<Ending> {
  const [calls, events] = [new Connection(), new Connection()];
  const ended = new AbortController();
  const exiting = Promise.withResolvers<Ending>();
  const onEvent = (reply: EventReply) => {
    watcher.event(reply);
    const { exiting: why } = reply.event;
    if (why !== undefined) exiting.resolve({ kind: "exiting", exiting: why });
  };
  const hidden = Promise.withResolvers<Ending>();
  const onVisibility = () => document.hidden && hidden.resolve({ kind: "hidden" });
  document.addEventListener("visibilitychange", onVisibility, { signal: ended.signal });
  try {
    const looks = lookAgainAndAgain(calls, watcher, ended.signal);
    return await Promise.race([exiting.promise, hidden.promise, looks, events.follow(onEvent)]);
  } catch (error) {
    // The daemon's last word may still be under way on the other connection.
    return (await Promise.race([exiting.promise, pause(LAST_WORD_MS)])) ?? { kind: "failed", error };
  } finally {
    ended.abort();
    calls.close();
    events.close();
  }
}

async function lookAgainAndAgain(calls: Connection, watcher: Watcher, ended: AbortSignal): Promise<never> {
  watcher.history((await calls.call("GetHistory", { fromMs: Date.now() - HISTORY_MS })).events);
  let energyMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const beganMs = performance.now();
    const look = await lookOnce(calls);
    const answeredMs = performance.now();
    await watcher.look(look, calls);
    if (beganMs - energyMs >= ENERGY_MS) {
      energyMs = beganMs;
      watcher.energy(await lookAtEnergy(calls));
    }
    ended.throwIfAborted();
    await pause(Math.max(LOOK_MS, PAUSE_RATIO * (answeredMs - beganMs)));
    ended.throwIfAborted();
  }
}

async function lookOnce(calls: Connection): Promise<Look> {
  const [status, { cpus }, load] = await Promise.all([
    calls.call("GetStatus", {}),
    calls.call("ListCpus", {}),
    calls.call("GetLoad", {}),
  ]);
  const isWrong = status.channelsRefused > 0 || (status.channelsQuarantined ?? 0) > 0;
  const channels = isWrong ? (await calls.call("ListChannels", {})).channels : [];
  return { status, cpus, load, channels: refusedChannels(channels) };
}

async function lookAtEnergy(calls: Connection): Promise<EnergyLook> {
  try {
    const energy = await calls.call("GetEnergy", { seconds: HOUR_SECONDS, points: true });
    const { points = [] } = energy;
    if (points.length >= POINTS_MIN) return { energy, points };
    const shorter = await calls.call("GetEnergy", { seconds: HOUR_SECONDS / 4, points: true });
    return { energy, points: shorter.points ?? [] };
  } catch (error) {
    // Where no account is kept the daemon says so, and how that is changed.
    if (error instanceof AnswerError) return { unknown: error.message };
    throw error;
  }
}

/** Waits. */
export function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
