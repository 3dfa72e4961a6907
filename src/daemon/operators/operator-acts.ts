import type { Caller } from "../../admin/caller.ts";
import type { Event } from "../../admin/control-types.ts";
import type { Log } from "../../base/log.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import type { Events } from "../events/events.ts";
import { type LimitedLog, limitedLog } from "../limited-log.ts";
import type { TurnClock } from "../turn-clock.ts";
import { userName } from "../users.ts";

/** Acts of one user per minute that are logged one by one; a script may do many. */
const LINES_MAX = 120;

/** Reports what operators do: one sentence for each act, the same in the log and to subscribers. */
export class OperatorActs {
  readonly #log: LimitedLog;
  readonly #events: Events;

  constructor(log: Log, time: TurnClock, events: Events) {
    this.#log = limitedLog(log, time, LINES_MAX);
    this.#events = events;
  }

  /** Reports what follows from an act of an operator later. */
  tell(message: string, about: Partial<Event> & { readonly vm: string }): void {
    const fields = { MESSAGE_ID: MESSAGE_IDS.operator, VM: about.vm };
    this.#log("orders that end", "notice", () => ({ message, fields }));
    this.#events.publish("operator", message, about);
  }

  /** `did` continues the sentence after the operator's name: `set CPU 2 to max`. */
  report(caller: Caller, did: string, about: Partial<Event> = {}): void {
    const message = `${operatorName(caller)} ${did}`;
    this.#log(`uid ${caller.uid}`, "notice", () => ({
      message,
      fields: {
        MESSAGE_ID: MESSAGE_IDS.operator,
        CALLER_UID: caller.uid,
        CALLER_PID: caller.pid,
        ...(about.vm === undefined ? {} : { VM: about.vm }),
        ...(about.pcpu === undefined ? {} : { CPU: about.pcpu }),
      },
    }));
    this.#events.publish("operator", message, about);
  }
}

/** Describes an operator: `alice (uid 1000, pid 4711)`. */
export function operatorName({ uid, pid }: Caller): string {
  const name = userName(uid);
  return name === undefined ? `uid ${uid} (pid ${pid})` : `${name} (uid ${uid}, pid ${pid})`;
}
