import type { Pcpu } from "../../base/domain.ts";
import type { Channels } from "../../channels/channels.ts";
import type { FileRights } from "../../channels/fifos/fifo.ts";
import type { FifosHost } from "../../channels/fifos/fifos.ts";
import { type Found, NESTING_MAX, OBJECT_BYTES_MAX } from "../../channels/fifos/object-cutter.ts";
import { type FifoRequest, readObject } from "../../channels/fifos/read-object.ts";
import type { Objection } from "../../channels/judge.ts";
import type { AppConfig, Config } from "../../config/config.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import type { LimitedLog } from "../limited-log.ts";
import { AppUsers } from "./app-users.ts";
import type { Asker } from "./asker.ts";
import type { Askers, Refused } from "./askers.ts";

/** What {@link FifoRequests} needs. */
export interface FifoRequestsOptions {
  readonly askers: Askers;
  readonly channels: Pick<Channels, "usable">;
  readonly config: () => Config;
  readonly cpufreq: Pick<Cpufreq, "clocks">;
  readonly log: LimitedLog;
}

/** What applications ask for through the FIFOs of CPUs: owner and mode of a FIFO tell which application that is. */
export class FifoRequests implements FifosHost<AppConfig> {
  readonly #options: FifoRequestsOptions;
  readonly #users: AppUsers;

  constructor(options: FifoRequestsOptions) {
    this.#options = options;
    this.#users = new AppUsers(() => options.config().apps);
  }

  directory(): string | undefined {
    const { fifos, directory } = this.#options.config().channels;
    return fifos && this.#options.channels.usable ? directory : undefined;
  }

  cpus(): Pcpu[] {
    return this.#options.cpufreq.clocks().flatMap(({ pcpus }) => pcpus);
  }

  writerOf(cpu: Pcpu, rights: FileRights) {
    return this.#users.writing(cpu, rights);
  }

  found(cpu: Pcpu, app: AppConfig, found: Found): void {
    const { askers } = this.#options;
    const asker = askers.ofFifo(app, cpu);
    if (found.kind !== "object") return askers.malformed(asker, () => faultText(found.kind));
    const object = readObject(found.bytes, cpu);
    if (!object.ok) {
      const { line, character, reason } = object.why;
      return askers.malformed(asker, () => `line ${line}, character ${character}: ${reason}`);
    }
    const { request, ignored } = object.value;
    if (ignored.length > 0) this.#tellIgnored(asker, ignored);
    // Nobody waits for the result, which is counted and logged where it is known.
    void this.#ask(asker, cpu, request);
  }

  changed(cpu: Pcpu, path: string, objection: Objection | undefined): void {
    const { log } = this.#options;
    const about = `FIFO ${cpu}`;
    if (objection === undefined) log(about, "info", () => ({ message: `Reads "${path}"` }));
    else
      log(about, "warning", () => {
        const remedy = objection.remedy === undefined ? "" : `; ${objection.remedy}`;
        return { message: `"${path}" ${objection.reason}, it is not read${remedy}` };
      });
  }

  #ask(asker: Asker, cpu: Pcpu, request: FifoRequest): Refused {
    const { askers } = this.#options;
    const asked = { own: [cpu], leaseSec: asker.app.leaseSec };
    switch (request.kind) {
      case "scale":
        return askers.scale(asker, { cpu, action: request.action, ...asked });
      case "set-policy":
        return askers.follow(asker, { rule: request.rule, cpus: [cpu], ...asked });
      case "remove-policy":
        askers.endPolicy(asker);
        return undefined;
    }
  }

  #tellIgnored({ name }: Asker, ignored: readonly string[]): void {
    const [first, ...more] = ignored;
    const others = more.length === 0 ? "" : ` and ${more.length} others`;
    this.#options.log(name, "notice", () => ({
      message: `${name} sent an object with keys that mean nothing: ${first}${others}`,
    }));
  }
}

function faultText(kind: Exclude<Found["kind"], "object">): string {
  switch (kind) {
    case "too-long":
      return `an object of more than ${OBJECT_BYTES_MAX} bytes`;
    case "too-deep":
      return `an object that is nested deeper than ${NESTING_MAX}`;
    case "stray-bytes":
      return "bytes that belong to no object";
  }
}
