import type { Domain } from "../../src/base/domain.ts";
import type { Log } from "../../src/base/log.ts";
import type { Ending } from "../../src/base/origin.ts";
import type { HypervisorEvents } from "../../src/hypervisor/hypervisor.ts";

/** Records the events of a hypervisor as lines of text for comparisons. */
export class Recorder implements HypervisorEvents {
  readonly told: string[] = [];
  readonly lines: string[] = [];
  /** Whether all domains were followed, each time that this changed. */
  readonly followed: boolean[] = [];
  /** The state that the daemon would know now. */
  readonly domains = new Map<string, Domain>();
  readonly log: Log;

  constructor() {
    const at =
      (level: string) =>
      (message: string): void => {
        this.lines.push(`${level}: ${message}`);
      };
    this.log = {
      error: at("error"),
      warning: at("warning"),
      notice: at("notice"),
      info: at("info"),
      debug: at("debug"),
    };
  }

  domain(domain: Domain): void {
    this.domains.set(domain.name, domain);
    this.told.push(`${domain.name} ${domain.state}: ${domain.origin}`);
  }

  gone(name: string, ending: Ending): void {
    if (!this.domains.delete(name)) throw new Error(`"${name}" is gone, but was never told of`);
    this.told.push(`${name} gone: ${ending}`);
  }

  ready(): void {
    this.told.push("ready");
  }

  followsAll(all: boolean): void {
    this.followed.push(all);
  }

  /** The events since the last call. */
  news(): string[] {
    return this.told.splice(0);
  }
}

/** Waits until a condition is true; the error shows what was seen. */
export async function until(holds: () => boolean, seen: () => unknown = () => "", ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end)
      throw new Error(`Did not happen within ${ms} ms: ${holds} ${Bun.inspect(seen())}`);
    await Bun.sleep(2);
  }
}
