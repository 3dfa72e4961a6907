import type { EventReply } from "../../admin/client.ts";
import { ClientError } from "../../admin/client-error.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { count, formatTimeOfDay, jsonText, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import type { Verb } from "../verb.ts";

/** The column in which messages begin, after the time and the kind. */
const MESSAGE_INDENT = 18;

/** Verb `events`: shows events until Ctrl-C. */
export const EVENTS: Verb = {
  name: "events",
  summary: "Show events as they happen, until Ctrl-C",
  arguments: [],
  examples: [["events --json", "one JSON object per line"]],
  async run({ subscribe, io, style, json }) {
    const last = await subscribe(
      (reply) =>
        io.stdout.write(
          json ? `${jsonText(reply, { pretty: false })}\n` : `${eventText(reply, style, textWidth(io))}\n`,
        ),
      io.signal === undefined ? {} : { signal: io.signal },
    );
    if (last || io.signal?.aborted) return EXIT.ok;
    throw new ClientError("disconnected", "vm-power ended without saying so");
  },
};

function eventText({ event, lost }: EventReply, style: Style, width: number): string {
  const { atMs, kind, message, vm, vcpu, accepted } = event;
  // Most messages name their VM already.
  const where =
    vm === undefined || message.includes(vm)
      ? ""
      : ` ${printable(vm)}${vcpu === undefined ? "" : `:${vcpu}`}`;
  const text = printable(message);
  const words = `${where} ${accepted === false ? style.bad(text) : text}`;
  const head = `${style.dim(formatTimeOfDay(atMs))} ${printable(kind).padEnd(8)}`;
  const line = wrapLine(`${head}${words}`, width, MESSAGE_INDENT);
  return lost === 0 ? line : `${style.warn(`(${count(lost, "event")} lost here)`)}\n${line}`;
}
