import type { Channel, VmSummary } from "../../admin/control-types.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { isQuarantined, refusedChannels } from "../trouble.ts";
import { troubleLines } from "../trouble-lines.ts";
import type { Verb } from "../verb.ts";

/** Verb `list`: the VMs, or the channels of all VMs. */
export const LIST: Verb = {
  name: "list",
  summary: "List the VMs that are known, or all channels",
  arguments: [],
  options: [{ flag: "--channels", doc: "list the channels of all VMs" }],
  examples: [
    ["list", "one line per VM"],
    ["list --channels", "one line per channel, and why some are refused"],
  ],
  async run({ call, show, style, io }, { flags }) {
    const width = textWidth(io);
    if (flags.has("--channels")) {
      const reply = await call("ListChannels", {});
      show(reply, () => channelsText(reply.channels, style, width));
    } else {
      const reply = await call("ListVms", {});
      show(reply, () => vmsText(reply.vms, width));
    }
    return EXIT.ok;
  },
};

const VM_COLUMNS: readonly Column[] = [
  { head: "VM", flexible: true },
  { head: "STATE" },
  { head: "SERVED" },
  { head: "VCPUS", align: "right" },
  { head: "CHANNELS", align: "right" },
  { head: "CONNECTED", align: "right" },
  { head: "CLAIMS", align: "right" },
];

function vmsText(vms: readonly VmSummary[], width: number): string {
  if (vms.length === 0) return "No VM is known";
  const rows = vms.map(({ name, state, added, vcpus, channels, connected, claims }) => [
    printable(name),
    printable(state),
    added ? "yes" : "no",
    ...[vcpus, channels, connected, claims].map(String),
  ]);
  return drawTable(VM_COLUMNS, rows, width);
}

const CHANNEL_COLUMNS: readonly Column[] = [
  { head: "VM", flexible: true },
  { head: "CHANNEL", align: "right" },
  { head: "STATUS" },
  { head: "PACKETS", align: "right" },
  { head: "REQUESTS", align: "right" },
  { head: "GRANTED", align: "right" },
  { head: "REFUSED", align: "right" },
];

/** Formats channels as a table, with their faults below it. */
export function channelsText(channels: readonly Channel[], style: Style, width: number): string {
  if (channels.length === 0) return "No channel was found";
  const rows = channels.map((channel) => {
    const { vm, number, abi, counters } = channel;
    return [
      printable(vm),
      `${number}`,
      statusText(channel, style),
      abi === undefined ? "-" : `${abi}`,
      ...[counters.requests, counters.granted, counters.refused].map(String),
    ];
  });
  return [
    drawTable(CHANNEL_COLUMNS, rows, width),
    ...troubleLines(refusedChannels(channels), style, width),
  ].join("\n");
}

function statusText(channel: Channel, style: Style): string {
  if (isQuarantined(channel)) return style.bad("quarantined");
  return channel.status === "refused" ? style.bad(channel.status) : printable(channel.status);
}
