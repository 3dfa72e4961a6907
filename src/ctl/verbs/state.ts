import type { StateList } from "../../admin/control-types.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatTime, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import type { Verb } from "../verb.ts";

/** The word that takes VMs out of their state. */
const NONE = "none";

/** Verb `state`. */
export const STATE: Verb = {
  name: "state",
  summary: "Put VMs into a state of the configuration, or list states",
  arguments: [
    {
      name: "state",
      required: false,
      doc: "NAME of a [state NAME], or none to leave; without it, list them",
      kind: "text",
    },
  ],
  options: [
    { flag: "--vms", doc: "only VMs of this name or pattern", value: { name: "pattern", kind: "vm" } },
    { flag: "--reason", doc: "why, for those who look later", value: { name: "text", kind: "text" } },
  ],
  examples: [
    ["state eco", "all VMs, also those that will come"],
    ["state eco --vms 'web*'", "these only"],
    ["state none", "as the configuration says"],
  ],
  async run({ call, show, io }, { arguments: [state], values }) {
    const width = textWidth(io);
    if (state === undefined) {
      const reply = await call("GetStates", {});
      show(reply, () => statesText(reply, width));
      return EXIT.ok;
    }
    const [vms, reason] = [values.get("--vms"), values.get("--reason")];
    const reply = await call("SetState", {
      ...(state === NONE ? {} : { state }),
      ...(vms === undefined ? {} : { vms }),
      ...(reason === undefined ? {} : { reason }),
    });
    const count = `${reply.vms.length} ${reply.vms.length === 1 ? "VM" : "VMs"}`;
    const what = state === NONE ? "in no state" : `in state ${printable(state)}`;
    show(reply, () => wrapLine(`${count}, and all that will come, are ${what}`, width, 2));
    return EXIT.ok;
  },
};

const STATE_COLUMNS: readonly Column[] = [
  { head: "STATE" },
  { head: "VMS", align: "right" },
  { head: "SETTINGS", flexible: true },
];

const ORDER_COLUMNS: readonly Column[] = [
  { head: "VMS" },
  { head: "STATE" },
  { head: "SINCE" },
  { head: "WHO", flexible: true },
];

function statesText({ states, orders }: StateList, width: number): string {
  if (states.length === 0) return "The configuration has no [state NAME]";
  const rows = states.map(({ name, vms, settings }) => [
    printable(name),
    `${vms.length}`,
    printable(settings.join(" ")),
  ]);
  const given = orders.map(({ vms, state = NONE, atMs, who, reason }) => [
    printable(vms),
    printable(state),
    formatTime(atMs),
    printable(reason === undefined ? who : `${who}: ${reason}`),
  ]);
  const parts = [drawTable(STATE_COLUMNS, rows, width)];
  if (given.length > 0) parts.push(drawTable(ORDER_COLUMNS, given, width));
  return parts.join("\n\n");
}
