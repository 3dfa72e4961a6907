import type { Energy, PowerModel } from "../../admin/control-types.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatDuration, formatTime, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { durationArgument, optionOf } from "../arguments.ts";
import { digits, energyColumns, energyRow, formatJoules, otherRows, sourceText } from "../energy-text.ts";
import type { Verb } from "../verb.ts";

const DAY_SECONDS = 24 * 60 * 60;

/** Verb `energy`: what the host and its VMs used, and what was saved. */
export const ENERGY: Verb = {
  name: "energy",
  summary: "Show the energy that VMs used, and what was saved",
  arguments: [],
  options: [
    { flag: "--vm", doc: "only this VM", value: { name: "vm", kind: "vm" } },
    { flag: "--since", doc: "how far back, like 10m or 24h", value: { name: "time", kind: "text" } },
  ],
  examples: [
    ["energy", "the last 24 hours"],
    ["energy --vm web1 --since 10m", "one VM in the last ten minutes"],
  ],
  async run({ call, show, io }, { values }) {
    const vm = values.get("--vm");
    const seconds = optionOf(values, "--since", durationArgument) ?? DAY_SECONDS;
    const reply = await call("GetEnergy", vm === undefined ? { seconds } : { vm, seconds });
    show(reply, () => energyText(reply, { vm, width: textWidth(io) }));
    return EXIT.ok;
  },
};

/** What the hardware's own monitors told, which few hosts have. */
const CORES: Column = { head: "CORES", align: "right" };

function energyText(
  reply: Energy,
  { vm, width }: { readonly vm: string | undefined; readonly width: number },
) {
  const { fromMs, toMs, vms } = reply;
  if (toMs <= fromMs) return "Nothing was accounted in this time";
  const rows = [
    ...vms.map((each) => [
      ...energyRow(each.vm, each),
      each.coreJoules === undefined ? "" : formatJoules(each.coreJoules),
    ]),
    ...(vm === undefined ? otherRows(reply) : []),
  ];
  const lines = [
    `Since ${formatTime(fromMs)}, for ${formatDuration(toMs - fromMs)}; ${sourceText(reply)}`,
    ...(reply.savedUnknown === undefined
      ? []
      : [`What was saved is not known: ${printable(reply.savedUnknown)}`]),
    ...(reply.problem === undefined ? [] : [`A meter is not used: ${printable(reply.problem)}`]),
    modelText(reply.model),
  ];
  const columns = vms.some(({ coreJoules }) => coreJoules !== undefined)
    ? [...energyColumns("WHO"), CORES]
    : energyColumns("WHO");
  return [drawTable(columns, rows, width), "", ...lines.map((line) => wrapLine(line, width, 2))].join("\n");
}

function modelText({ fitted, residualWatts, explained, ...model }: PowerModel): string {
  const { staticWatts, wattsPerGhz, wattsPerGhz3, turboWatts } = model;
  const sign = turboWatts < 0 ? "−" : "+";
  const turbo = turboWatts === 0 ? "" : ` ${sign} ${digits(Math.abs(turboWatts))} at turbo`;
  const busy = `${digits(wattsPerGhz)} f + ${digits(wattsPerGhz3)} f³${turbo}`;
  const source = fitted
    ? `fitted on this host, to ${digits(residualWatts ?? 0)} W, explaining ${Math.round(100 * (explained ?? 0))} % of the changes`
    : "that of a typical server, which decides shares only";
  return `Model: ${digits(staticWatts)} W, and ${busy} W for each busy CPU at f GHz; ${source}`;
}
