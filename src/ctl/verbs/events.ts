import type { EventReply } from "../../admin/client.ts";
import { ClientError } from "../../admin/client-error.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { count, formatTimeOfDay, jsonText, printable } from "../../terminal/text.ts";
import type { Verb } from "../verb.ts";

/** `events`: what happens, as it happens. */
export const EVENTS: Verb = {
  name: "events",
  summary: "Show what happens, as it happens, until Ctrl-C",
  arguments: [],
  examples: [["events --json", "one JSON object per line"]],
  async run({ subscribe, io, style, json }) {
    const last = await subscribe(
      (reply) =>
        io.stdout.write(json ? `${jsonText(reply, { pretty: false })}\n` : `${eventText(reply, style)}\n`),
      io.signal === undefined ? {} : { signal: io.signal },
    );
    if (last || io.signal?.aborted) return EXIT.ok;
    throw new ClientError("disconnected", "vm-power ended without saying so");
  },
};

function eventText({ event, lost }: EventReply, style: Style): string {
  const { atMs, kind, message, vm, vcpu, accepted } = event;
  // Most messages say themselves whom they are about.
  const where =
    vm === undefined || message.includes(vm)
      ? ""
      : ` ${printable(vm)}${vcpu === undefined ? "" : `:${vcpu}`}`;
  const text = printable(message);
  const line = `${style.dim(formatTimeOfDay(atMs))} ${printable(kind).padEnd(8)}${where} ${accepted === false ? style.bad(text) : text}`;
  return lost === 0 ? line : `${style.warn(`(${count(lost, "event")} lost here)`)}\n${line}`;
}
