import type {
  ConfigSetting,
  ContractKey,
  ContractOrder,
  ContractView,
  Schedule,
} from "../../admin/control-types.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatDuration, formatTime, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { orderOptions, orderWords } from "../order-options.ts";
import type { Verb } from "../verb.ts";
import { possibleName, VM } from "../vm-argument.ts";

/** Verbs `contract`, `set-contract`, `unset-contract`, `config`. */
export const CONTRACT_VERBS: readonly Verb[] = [
  {
    name: "contract",
    summary: "Show what holds for a VM, key by key, and why",
    arguments: [VM],
    examples: [["contract web1", "also before there is such a VM"]],
    async run({ call, show, style, io, now }, { arguments: [vm = ""] }) {
      const reply = await call("GetContract", { vm: possibleName(vm) });
      show(reply, () => contractTable(reply, { style, width: textWidth(io), nowMs: now() }));
      return EXIT.ok;
    },
  },
  {
    name: "set-contract",
    summary: "Set keys of a VM's contract, at once and after restarts",
    arguments: [
      VM,
      {
        name: "settings",
        required: true,
        repeats: true,
        doc: "keys with their values, as in the configuration: MaxKhz=1.8GHz Turbo=no",
        kind: "text",
      },
    ],
    options: orderOptions("they end by themselves"),
    examples: [
      ["set-contract web1 Turbo=no", "until unset"],
      ["set-contract web1 MaxKhz=60% --for 2h --reason x", "for 2 h"],
    ],
    async run({ call, show, io }, { arguments: [vm = "", ...given], values }) {
      const settings = given.filter((each) => each !== undefined);
      const order: ContractOrder = { vm: possibleName(vm), settings, ...orderWords(values) };
      const reply = await call("SetContract", order);
      const warning = reply.warning === undefined ? "" : `; ${printable(reply.warning)}`;
      const said = `${settings.map(printable).join(" ")} holds for VM ${printable(vm)}${warning}`;
      show(reply, () => wrapLine(said, textWidth(io), 2));
      return EXIT.ok;
    },
  },
  {
    name: "unset-contract",
    summary: "Take back what operators set of a VM's contract",
    arguments: [
      VM,
      { name: "keys", required: false, repeats: true, doc: "these keys; all if none is named", kind: "text" },
    ],
    examples: [
      ["unset-contract web1 MaxKhz", "the configuration counts again"],
      ["unset-contract web1", "for every key"],
    ],
    async run({ call, show }, { arguments: [vm = "", ...given] }) {
      const keys = given.filter((each) => each !== undefined);
      const reply = await call("UnsetContract", keys.length === 0 ? { vm } : { vm, keys });
      const taken =
        reply.keys.length === 0
          ? `Operators have ${keys.length === 0 ? "set no key" : `not set ${keys.map(printable).join(", ")}`} for VM ${printable(vm)}`
          : `${reply.keys.map(printable).join(", ")} ${reply.keys.length === 1 ? "is" : "are"} no longer set for VM ${printable(vm)} by operators`;
      show(reply, () => taken);
      return EXIT.ok;
    },
  },
  {
    name: "config",
    summary: "Print the configuration in force, with its places",
    arguments: [],
    examples: [["config", "as a configuration file, with the places as comments"]],
    async run({ call, show }) {
      const reply = await call("GetConfig", {});
      show(reply, () => configText(reply.settings));
      return EXIT.ok;
    },
  },
];

interface Look {
  readonly style: Style;
  readonly width: number;
  readonly nowMs: number;
}

const COLUMNS: readonly Column[] = [{ head: "KEY" }, { head: "VALUE" }, { head: "FROM", flexible: true }];

function contractTable(reply: ContractView, { style, width, nowMs }: Look): string {
  const { vm, known, keys, problems, schedules = [] } = reply;
  const head = known ? "" : `No VM "${printable(vm)}" is known. For one of that name this would hold:\n\n`;
  const rows = keys.map((key) => [printable(key.key), printable(key.value ?? "-"), originText(key, nowMs)]);
  const wrong = problems.map((text) => wrapLine(`${style.bad("!")} ${printable(text)}`, width, 2));
  const also = schedules.map((schedule) => wrapLine(scheduleText(schedule, nowMs), width, 2));
  const parts = [`${head}${drawTable(COLUMNS, rows, width)}`, also.join("\n"), wrong.join("\n")];
  return parts.filter((part) => part !== "").join("\n\n");
}

function scheduleText({ name, want, days, hours, ...schedule }: Schedule, nowMs: number): string {
  const { timeZone, inForce, changesAtMs, file, line } = schedule;
  const when = changesAtMs === undefined ? "" : `, ${formatDuration(changesAtMs - nowMs)}`;
  const state = inForce
    ? `in force${when === "" ? "" : `${when} more`}`
    : `not now${when && `${when} to go`}`;
  const zone = timeZone === undefined ? "" : ` ${timeZone}`;
  const what = `Schedule ${name}: ${want} on ${days} in hours ${hours}${zone}`;
  return printable(`${what}; ${state}; ${file}:${line}`);
}

function originText(
  { origin, section, file, line, who, untilMs, atMs, reason }: ContractKey,
  nowMs: number,
): string {
  switch (origin) {
    case "builtIn":
      return "built in";
    case "metadata":
      return "the VM's metadata";
    case "section":
      return `[${printable(section ?? "?")}], ${printable(file ?? "?")}:${line}`;
    case "state":
    case "operator": {
      const where =
        section === undefined ? "" : `[${printable(section)}], ${printable(file ?? "?")}:${line}, by `;
      const since = atMs === undefined ? "" : `, ${formatTime(atMs)}`;
      const until = untilMs === undefined ? "" : `, for ${formatDuration(untilMs - nowMs)} more`;
      return `${where}${printable(who ?? "an operator")}${since}${until}${reason === undefined ? "" : `: ${printable(reason)}`}`;
    }
  }
}

/** The settings as a configuration file that says the same. */
function configText(settings: readonly ConfigSetting[]): string {
  const sections = Map.groupBy(settings, ({ section }) => section);
  return [...sections]
    .map(([section, own]) => [`[${printable(section)}]`, ...own.map(settingText)].join("\n"))
    .join("\n\n");
}

function settingText({ key, value, file, line }: ConfigSetting): string {
  if (value === undefined) return `#${key}=`;
  // A comment sign or a quote in it would end it, or begin a quoted one.
  const shown = /[;#"'\\]/.test(value) ? JSON.stringify(value) : value;
  return `${key}=${printable(shown)}  # ${file === undefined ? "built in" : `${printable(file)}:${line}`}`;
}
