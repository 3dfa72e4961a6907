import type { Domain } from "../../src/base/domain.ts";
import type { Log } from "../../src/base/log.ts";
import type { Ending } from "../../src/base/origin.ts";
import type { HypervisorEvents } from "../../src/hypervisor/hypervisor.ts";

/** Writes down what a hypervisor tells, as lines that read well in a comparison. */
export class Recorder implements HypervisorEvents {
  readonly told: string[] = [];
  readonly lines: string[] = [];
  /** What the daemon would know now. */
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

  /** What was told since the last time. */
  news(): string[] {
    return this.told.splice(0);
  }
}

/** Waits until something holds; fails with what was seen if it never does. */
export async function until(holds: () => boolean, seen: () => unknown = () => "", ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end)
      throw new Error(`Did not happen within ${ms} ms: ${holds} ${Bun.inspect(seen())}`);
    await Bun.sleep(2);
  }
}
