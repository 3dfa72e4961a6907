import type { Subscriber } from "../../admin/control.ts";
import type { Packet } from "../../admin/control-types.ts";
import type { Channel } from "../../channels/channel.ts";

/** Sends packets of guests to clients that record them. Without such a client nothing is made. */
export class Recordings {
  readonly #recordings = new Set<{
    readonly vms: ReadonlySet<string> | undefined;
    readonly subscriber: Subscriber<Packet>;
  }>();

  /** Whether there is such a client. */
  get wanted(): boolean {
    return this.#recordings.size > 0;
  }

  /** Records these VMs, or all if none is named, until the returned function is called. */
  begin(vms: readonly string[] | undefined, subscriber: Subscriber<Packet>): () => void {
    const recording = { vms: vms && new Set(vms), subscriber };
    this.#recordings.add(recording);
    return () => this.#recordings.delete(recording);
  }

  take({ vm, number }: Channel, frame: Uint8Array): void {
    let packet: Packet | undefined;
    for (const { vms, subscriber } of this.#recordings) {
      if (vms?.has(vm) === false) continue;
      packet ??= {
        atMs: performance.now(),
        vm,
        channel: number,
        bytes: shortened(frame),
        length: frame.length,
      };
      subscriber.send(packet);
    }
  }
}

/** Most bytes of a packet are zero. */
function shortened(frame: Uint8Array): string {
  const end = frame.findLastIndex((byte) => byte !== 0) + 1;
  return Buffer.from(frame.subarray(0, end)).toString("base64");
}
