import { DOMAIN_CHANNELS_MAX } from "../base/domain.ts";
import { LineLimiter } from "../base/line-limiter.ts";
import type { Log } from "../base/log.ts";
import { BACKLOG_BYTES_MAX } from "./backlog.ts";
import type { Objection } from "./judge.ts";
import { OTHERS_MAX, type Room } from "./room.ts";

/** Logs what is wrong where channels lie, a few times. */
export class ChannelLog {
  readonly #directory: string;
  readonly #log: Log;
  readonly #limiter = new LineLimiter();
  /** Its lines are all the same, so one in a minute is enough. */
  readonly #overruns = new LineLimiter(1);
  #toldOpen: string | undefined;

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** The channel directory has another problem than before, or none. */
  directory(objection: Objection | undefined, { isRefused }: { readonly isRefused: boolean }): void {
    if (!this.#allows("directory")) return;
    if (objection === undefined) {
      this.#log.info(`Watching "${this.#directory}" for channels`);
      return;
    }
    const remedy = objection.remedy === undefined ? "" : `; ${objection.remedy}`;
    this.#log.warning(
      `Channel directory "${this.#directory}" ${objection.reason}${isRefused ? ", it is not used" : ""}${remedy}`,
    );
  }

  /** Another directory of channels can be written by everyone. */
  openToAll({ reason, remedy }: Objection): void {
    if (reason === this.#toldOpen || !this.#allows("open")) return;
    this.#toldOpen = reason;
    this.#log.warning(`Channels are served although ${reason}; ${remedy}`);
  }

  /** More channels than before are left out; `max` are served in total. */
  left({ expected, others }: Room["left"], max: number): void {
    if (expected > 0 && this.#allows("expected"))
      this.#log.error(
        `${expected} channels are not served: the limit is ${DOMAIN_CHANNELS_MAX} for each VM and ${max} in total`,
      );
    if (others > 0 && this.#allows("others"))
      this.#log.warning(
        `"${this.#directory}" contains more than ${OTHERS_MAX} files that are not sockets or belong to no known VM: ${others} of them are ignored`,
      );
  }

  /** Guests sent more than can wait, and a part of it was dropped. */
  overrun(): void {
    if (this.#overruns.allow("overrun", performance.now()) !== undefined)
      this.#log.warning(
        `Guests send faster than they can be answered: more than ${BACKLOG_BYTES_MAX >> 20} MiB wait, so only the first packets of each are kept; vmpowerctl top shows which guests, at DROPS`,
      );
  }

  #allows(what: string): boolean {
    return this.#limiter.allow(what, performance.now()) !== undefined;
  }
}
