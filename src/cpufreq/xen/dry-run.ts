import type { Khz, Pcpu } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import type { Errno } from "../../os/errno.ts";
import type { XenControl } from "../../os/xen/control.ts";
import { XenPm } from "./pm.ts";

/** Changes nothing: logs each change, and behaves as if Xen had accepted it. */
export class DryXenPm extends XenPm {
  readonly #log: Log;
  readonly #governors = new Map<Pcpu, string>();
  readonly #speeds = new Map<Pcpu, Khz>();
  #pcpu: Pcpu = 0;

  constructor(control: XenControl, log: Log) {
    super(control);
    this.#log = log;
  }

  override look(pcpu: Pcpu): Errno | undefined {
    this.#pcpu = pcpu;
    return super.look(pcpu);
  }

  override get governor(): string {
    return this.#governors.get(this.#pcpu) ?? super.governor;
  }

  override get currentKhz(): Khz {
    return this.#speeds.get(this.#pcpu) ?? super.currentKhz;
  }

  override setGovernor(pcpu: Pcpu, governor: string): undefined {
    this.#governors.set(pcpu, governor);
    this.#log.info(`Dry run: would set the governor of CPU ${pcpu} to "${governor}" in Xen`);
  }

  override setSpeed(pcpu: Pcpu, khz: Khz): undefined {
    this.#speeds.set(pcpu, khz);
    this.#log.info(`Dry run: would set CPU ${pcpu} to ${khz} kHz in Xen`);
  }
}
