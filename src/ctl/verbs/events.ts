import type { EventReply } from "../../admin/client.ts";
import { ClientError } from "../../admin/client-error.ts";
import { EXIT, type ExitCode } from "../../terminal/exit-code.ts";
import { jsonText } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { eventText, pastText } from "../event-text.ts";
import { spanOf } from "../moment-argument.ts";
import type { Context, Given, Verb } from "../verb.ts";

const TIME = { name: "time", kind: "text" } as const;

/** Verb `events`: shows events until Ctrl-C, or those of the past. */
export const EVENTS: Verb = {
  name: "events",
  summary: "Show events as they happen, or those of the past",
  arguments: [],
  options: [
    { flag: "--since", doc: "past events: from 03:00, 2026-11-28 03:00, or 2h ago on", value: TIME },
    { flag: "--until", doc: "past events: until then", value: TIME },
    { flag: "--vm", doc: "only what concerns this VM", value: { name: "vm", kind: "vm" } },
  ],
  examples: [
    ["events --json", "one JSON object per line"],
    ["events --since 03:00 --vm web1", "what happened to it since then"],
  ],
  isEndless: ({ values }) => !isPast(values),
  async run(context, { values }) {
    const { subscribe, io, style, json } = context;
    const vm = values.get("--vm");
    if (isPast(values)) return showPast(context, values);
    const last = await subscribe(
      (reply) => {
        if (!concerns(reply, vm)) return;
        const text = json ? jsonText(reply, { pretty: false }) : eventText(reply, style, textWidth(io));
        io.stdout.write(`${text}\n`);
      },
      io.signal === undefined ? {} : { signal: io.signal },
    );
    if (last || io.signal?.aborted) return EXIT.ok;
    throw new ClientError("disconnected", "vm-power ended without saying so");
  },
};

function isPast(values: Given["values"]): boolean {
  return values.has("--since") || values.has("--until");
}

function concerns({ event }: EventReply, vm: string | undefined): boolean {
  return vm === undefined || event.vm === vm || event.kind === "exiting";
}

async function showPast({ call, show, io, style }: Context, values: Given["values"]): Promise<ExitCode> {
  const vm = values.get("--vm");
  const reply = await call("GetHistory", {
    ...spanOf(values, Date.now()),
    ...(vm === undefined ? {} : { vm }),
  });
  show(reply, () => pastText(reply, style, textWidth(io)));
  return EXIT.ok;
}
