import type { Cpu, CpuResult, FrequencyOrder, Hold } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { EXIT, type ExitCode, UsageError } from "../../terminal/exit-code.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatDuration, formatRange, formatTime, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { cpusArgument } from "../arguments.ts";
import { orderOptions, orderWords } from "../order-options.ts";
import { SPEED_WORDS, speedArgument } from "../speed-argument.ts";
import type { Argument, Context, Verb } from "../verb.ts";

const CPUS: Argument = {
  name: "cpus",
  required: false,
  doc: "CPUs like 2-5,8; all if none is named",
  kind: "cpus",
};

const WORDS = [...SPEED_WORDS, "release"] as const;

/** Verbs `show-cpu-freq`, `set-cpu-freq`, `holds`, `restore`. */
export const CPU_VERBS: readonly Verb[] = [
  {
    name: "show-cpu-freq",
    summary: "Show how fast CPUs run, and what they are set to",
    arguments: [CPUS],
    examples: [["show-cpu-freq 2-5", "these four"]],
    async run({ call, show, io }, { arguments: [list] }) {
      const reply = await call("ListCpus", list === undefined ? {} : { cpus: cpusArgument(list) });
      show(reply, () => cpusText(reply.cpus, textWidth(io)));
      return EXIT.ok;
    },
  },
  {
    name: "set-cpu-freq",
    summary: "Set the speed of CPUs",
    arguments: [
      { ...CPUS, required: true, doc: "CPUs like 2-5,8" },
      {
        name: "speed",
        required: true,
        doc: "up, down, min, max, turbo, no-turbo, a speed like 2300000 (kHz) or 2.3GHz, or release",
        kind: WORDS,
      },
    ],
    options: [
      { flag: "--hold", doc: "guests cannot change it until it is released" },
      ...orderOptions("the order ends by itself"),
    ],
    examples: [
      ["set-cpu-freq 2-5 max --hold", "whatever guests ask"],
      ["set-cpu-freq 2-5 max --hold --for 2h", "for two hours"],
      ["set-cpu-freq 2-5 release", "guests may change it again"],
      ["set-cpu-freq 7 1800000", "a speed in kHz"],
    ],
    async run(context, { arguments: [list = "", speed = ""], flags, values }) {
      const order = orderOf(cpusArgument(list), speed, flags.has("--hold"));
      if (values.has("--for") && order.to === "release")
        throw new UsageError("release takes effect at once: leave out --for");
      const reply = await context.call("SetCpuFreq", { ...order, ...orderWords(values) });
      return showResults(context, reply);
    },
  },
  {
    name: "holds",
    summary: "List the orders that guests cannot change",
    arguments: [],
    examples: [["holds", "who, since when, until when, and why"]],
    async run({ call, show, io, now }) {
      const reply = await call("ListHolds", {});
      show(reply, () => holdsText(reply.holds, { width: textWidth(io), nowMs: now() }));
      return EXIT.ok;
    },
  },
  {
    name: "restore",
    summary: "End claims and holds on CPUs, and restore their settings",
    arguments: [CPUS],
    examples: [
      ["restore 2-5", "these four"],
      ["restore", "all CPUs"],
    ],
    async run(context, { arguments: [list] }) {
      const cpus = list === undefined ? {} : { cpus: cpusArgument(list) };
      return showResults(context, await context.call("Restore", cpus));
    },
  },
];

function orderOf(cpus: readonly number[], speed: string, hold: boolean): FrequencyOrder {
  if (speed === "release" && hold) throw new UsageError("release ends a hold: leave out --hold");
  return speed === "release" ? { cpus, to: "release", hold } : { cpus, ...speedArgument(speed, WORDS), hold };
}

/** Shows the result for each CPU, equal ones together. Failures go to stderr. */
function showResults(context: Context, reply: { readonly results: readonly CpuResult[] }): ExitCode {
  const { done, failed } = Object.groupBy(reply.results, ({ ok }) => (ok ? "done" : "failed"));
  const lines = (results: readonly CpuResult[], what: (result: CpuResult) => string) =>
    [...Map.groupBy(results, what)].map(([text, same]) => {
      const cpus = same.map(({ pcpu }) => pcpu);
      return `${cpus.length === 1 ? "CPU" : "CPUs"} ${formatCpuList(cpus)}: ${text}`;
    });
  const doneText = lines(done ?? [], resultText);
  context.show(reply, () => doneText.join("\n"));
  const notRemembered = (done ?? []).filter((result) => result.notRemembered !== undefined);
  const problems = [
    ...lines(failed ?? [], ({ reason }) => printable(reason ?? "failed")),
    ...lines(
      notRemembered,
      (result) => `holds until the daemon ends. ${printable(result.notRemembered ?? "")}`,
    ),
  ];
  for (const line of problems) context.io.stderr.write(`${line}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

/** What is set now, with notes about what the operator may not expect. */
function resultText({ khz, setting, askedKhz, endedHold }: CpuResult): string {
  const speed = khz === undefined ? printable(setting) : formatKhz(khz);
  const rounded =
    khz === undefined || askedKhz === undefined
      ? ""
      : `, rounded ${khz > askedKhz ? "up" : "down"} from ${formatKhz(askedKhz)}`;
  return `${speed}${rounded}${endedHold === true ? ", no longer held" : ""}`;
}

const HOLD_COLUMNS: readonly Column[] = [
  { head: "CPUS" },
  { head: "SPEED" },
  { head: "SINCE" },
  { head: "ENDS IN" },
  { head: "WHO" },
  { head: "WHY", flexible: true },
];

function holdsText(
  holds: readonly Hold[],
  { width, nowMs }: { readonly width: number; readonly nowMs: number },
): string {
  if (holds.length === 0) return "Nothing is held";
  const rows = holds.map(({ pcpus, khz, atMs, untilMs, who, reason }) => [
    formatCpuList(pcpus),
    formatKhz(khz),
    formatTime(atMs),
    untilMs === undefined ? "-" : formatDuration(untilMs - nowMs),
    printable(who),
    printable(reason ?? "-"),
  ]);
  return drawTable(HOLD_COLUMNS, rows, width);
}

const COLUMNS: readonly Column[] = [
  { head: "CPU", align: "right" },
  { head: "NOW", align: "right" },
  { head: "SET TO" },
  { head: "TURBO" },
  { head: "RANGE" },
  { head: "CLOCK" },
  { head: "VMS", flexible: true },
];

function cpusText(cpus: readonly Cpu[], width: number): string {
  if (cpus.length === 0) return "No CPU was found";
  const { managed = [], unmanaged = [] } = Object.groupBy(cpus, (cpu) =>
    cpu.managed ? "managed" : "unmanaged",
  );
  const lines = managed.length === 0 ? [] : [drawTable(COLUMNS, managed.map(cpuRow), width)];
  for (const [reason, same] of Map.groupBy(unmanaged, (cpu) => cpu.reason ?? "no reason given")) {
    const which = formatCpuList(same.map(({ pcpu }) => pcpu));
    lines.push(wrapLine(`Not managed: ${which} (${printable(reason)})`, width, 2));
  }
  return lines.join("\n");
}

function cpuRow(cpu: Cpu): string[] {
  return [
    `${cpu.pcpu}`,
    cpu.currentKhz === undefined ? "-" : formatKhz(cpu.currentKhz),
    settingText(cpu),
    cpu.turbo ? "on" : "off",
    formatRange(cpu.tableKhz.at(-1), cpu.tableKhz[0]),
    cpu.clock.length > 1 ? formatCpuList(cpu.clock) : "own",
    cpu.vcpus.map(printable).join(" "),
  ];
}

/** What the daemon has set on a CPU: `2.300 GHz`, `baseline`, `2.300 GHz held`, `1.200 GHz parked`. */
export function settingText({ requestedKhz, setting, held, parked }: Cpu): string {
  const speed = requestedKhz === undefined ? printable(setting ?? "baseline") : formatKhz(requestedKhz);
  return held ? `${speed} held` : parked === undefined ? speed : `${speed} parked`;
}
