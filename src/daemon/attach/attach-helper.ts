import { lstatSync } from "node:fs";
import { ATTACH_CHANNELS, type AttachOrder, type AttachReply } from "../../admin/attach.ts";
import { ClientError, VarlinkError } from "../../admin/client-error.ts";
import { callOnce } from "../../admin/single-call.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { type Answered, refused } from "../../hypervisor/domain-orders.ts";

/** Longest time of a call in ms: libvirt attaches a channel in 50 ms. */
const ATTACH_MS = 20_000;

/** Told where the helper's socket is not there. */
export const HELPER_MISSING = "The helper vm-power-attach is not there";

/** What an operator does about that. */
export const HELPER_REMEDY = "systemctl enable --now vm-power-attach.socket";

const LOOK = "journalctl -u vm-power-attach";

/** The helper that may change domains, which the daemon may not. It is only asked for channels by their numbers. */
export class AttachHelper {
  readonly #path: string;
  readonly #end = new AbortController();

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether systemd, or the helper itself, listens for calls. */
  isThere(): boolean {
    return lstatSync(this.#path, { throwIfNoEntry: false })?.isSocket() === true;
  }

  /** Attaches what a running VM lacks. */
  async attach(order: AttachOrder): Promise<Answered<AttachReply>> {
    const first = await this.#call(order);
    if (first.ok) return first;
    // An idle helper may end just when it is called. The next call starts another one, and repeating this does no harm.
    const again = isGone(first.why) && !this.#end.signal.aborted ? await this.#call(order) : first;
    return again.ok ? again : whyNot(again.why);
  }

  /** Waits for no answer any more. */
  close(): void {
    this.#end.abort();
  }

  async #call(parameters: AttachOrder): Promise<Result<AttachReply, ClientError | VarlinkError>> {
    try {
      const call = { parameters, timeoutMs: ATTACH_MS, signal: this.#end.signal };
      // It conforms to the description, of which this is the type.
      return success((await callOnce(this.#path, ATTACH_CHANNELS, call)) as AttachReply);
    } catch (error) {
      if (error instanceof ClientError || error instanceof VarlinkError) return failure(error);
      throw error;
    }
  }
}

function isGone(error: Error): boolean {
  return error instanceof ClientError && error.failure === "disconnected";
}

function whyNot(error: ClientError | VarlinkError): Answered<never> {
  if (error instanceof ClientError) {
    if (error.failure === "notRunning") return refused(HELPER_MISSING, HELPER_REMEDY);
    return refused(`The helper vm-power-attach failed: ${error.message}`, LOOK);
  }
  const { reason, remedy } = error.parameters;
  if (error.error.endsWith(".NoSuchVm")) return failure({ kind: "noDomain" });
  if (typeof reason === "string") return refused(reason, typeof remedy === "string" ? remedy : undefined);
  return refused(`The helper vm-power-attach failed: ${error.error}`, LOOK);
}
