import type { AttachReply } from "../../admin/attach.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Domain } from "../../base/domain.ts";
import type { Answered } from "../../hypervisor/domain-orders.ts";
import type { Alarm } from "../alarm.ts";
import type { Events } from "../events/events.ts";
import type { ServedVms } from "../host/served-vms.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { OperatorStore } from "../operators/operator-store.ts";
import type { AttachHelper } from "./attach-helper.ts";

/** Between two calls in ms, so that many VMs that start together stay within the helper's limit. */
const PACE_MS = 600;

/** The parts that it uses, once all are joined. */
interface Known {
  readonly vms: Pick<ServedVms, "domains" | "contracts" | "isAdded">;
  readonly store: Pick<OperatorStore, "vm">;
  readonly events: Pick<Events, "publish">;
}

/** What {@link AttachAtStart} needs. */
interface AttachAtStartOptions {
  readonly parts: () => Known;
  readonly helper: Pick<AttachHelper, "attach">;
  readonly alarm: Pick<Alarm, "after">;
  readonly log: LimitedLog;
}

/**
 * Gives VMs whose contract has AttachAtStart=yes the channels of their vCPUs, if they start without any. That is decided
 * once in each run of a VM, so that neither a failure nor an operator who detaches them begins a loop.
 */
export class AttachAtStart {
  readonly #options: AttachAtStartOptions;
  readonly #decided = new Set<string>();
  readonly #waiting = new Set<string>();
  #isBusy = false;

  constructor(options: AttachAtStartOptions) {
    this.#options = options;
  }

  /** The hypervisor reported a domain. */
  seen({ name, state, channels }: Domain): void {
    if (state !== "running" || this.#decided.has(name)) return;
    this.#decided.add(name);
    const { vms } = this.#options.parts();
    // Without a report of its channels it may have some.
    if (channels?.size !== 0 || !vms.contracts.values(name).attachAtStart || !vms.isAdded(name)) return;
    this.#waiting.add(name);
    this.#next();
  }

  /** The domain does not exist any more. */
  gone(name: string): void {
    this.#decided.delete(name);
    this.#waiting.delete(name);
  }

  #next(): void {
    const [vm] = this.#waiting;
    if (this.#isBusy || vm === undefined) return;
    this.#waiting.delete(vm);
    const channels = this.#wanted(vm);
    if (channels.length === 0) return this.#next();
    this.#isBusy = true;
    void this.#options.helper.attach({ vm, channels, config: false }).then((answer) => {
      this.#tell(vm, answer);
      this.#options.alarm.after("attach-at-start", PACE_MS, () => {
        this.#isBusy = false;
        this.#next();
      });
    });
  }

  /** The numbers of its vCPUs, without the channels that an operator removed. */
  #wanted(vm: string): number[] {
    const { vms, store } = this.#options.parts();
    const removed = store.vm(vm).channels ?? {};
    const vcpus = vms.domains.get(vm)?.pins.keys() ?? [];
    return [...vcpus].filter((number) => removed[number] !== "removed");
  }

  #tell(vm: string, answer: Answered<AttachReply>): void {
    const { events } = this.#options.parts();
    const { level, what } = told(answer);
    const message = `${vm} started without channels (AttachAtStart=yes): ${what}`;
    this.#options.log(`channels of ${vm}`, level, () => ({ message, fields: { VM: vm } }));
    events.publish("vm", message, { vm });
  }
}

function told(answer: Answered<AttachReply>): {
  readonly level: "notice" | "warning";
  readonly what: string;
} {
  if (answer.ok)
    return { level: "notice", what: `attached ${formatCpuList(answer.value.attached) || "none"}` };
  if (answer.why.kind === "noDomain") return { level: "notice", what: "it is gone already" };
  const { reason, remedy } = answer.why;
  return { level: "warning", what: remedy === undefined ? reason : `${reason}; ${remedy}` };
}
