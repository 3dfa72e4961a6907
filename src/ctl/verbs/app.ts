import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Asker } from "../../admin/control-types.ts";
import { APP_CPUS_MAX } from "../../admin/parameters.ts";
import type { RequestResult } from "../../admin/request.ts";
import { callRequest } from "../../admin/request-client.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { CommandError, EXIT, UsageError } from "../../terminal/exit-code.ts";
import { wordOf } from "../../terminal/option-values.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatDuration, printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { cpusArgument, durationArgument, optionOf } from "../arguments.ts";
import { refusedFifos } from "../trouble.ts";
import { troubleLines } from "../trouble-lines.ts";
import type { Context, Verb } from "../verb.ts";

const WORDS = ["up", "down", "min", "max", "turbo", "no-turbo", "release"] as const;

/** Verbs `apps`, `end-app`, `request`. */
export const APP_VERBS: readonly Verb[] = [
  {
    name: "apps",
    summary: "List applications of the host that asked for something",
    arguments: [],
    examples: [["apps", "what each wants of which CPU, and until when"]],
    async run({ call, show, style, io }) {
      const reply = await call("ListAskers", {});
      const width = textWidth(io);
      show(reply, () =>
        [
          askersText(reply.askers, width),
          ...troubleLines(refusedFifos(reply.fifos ?? []), style, width),
        ].join("\n"),
      );
      return EXIT.ok;
    },
  },
  {
    name: "end-app",
    summary: "End what an application wants",
    arguments: [
      { name: "name", required: true, doc: "a name that apps shows, like app/redis/1000", kind: "text" },
    ],
    examples: [["end-app app/redis/1000", "its CPUs go to others"]],
    async run({ call, show }, { arguments: [asker = ""] }) {
      const reply = await call("EndAsker", { asker });
      show(reply, () => "");
      return EXIT.ok;
    },
  },
  {
    name: "request",
    summary: "Ask for a speed of CPUs as an application",
    arguments: [{ name: "speed", required: true, doc: `one of ${WORDS.join(", ")}`, kind: WORDS }],
    options: [
      {
        flag: "--cpus",
        doc: "CPUs like 2-5,8; all of one's own if none is named",
        value: { name: "cpus", kind: "cpus" },
      },
      {
        flag: "--app",
        doc: "as this application, where one is several",
        value: { name: "name", kind: "text" },
      },
      { flag: "--for", doc: "how long, like 30s, 10m, 2h", value: { name: "time", kind: "text" } },
    ],
    examples: [
      ["request max --cpus 2-3 --for 10m", "as [app NAME] allows"],
      ["request release", "ends everything that was asked"],
    ],
    run: (context, { arguments: [speed = ""], values }) => ask(context, speed, values),
  },
];

async function ask(
  { io, show, socket, timeoutMs }: Context,
  speed: string,
  values: ReadonlyMap<string, string>,
): Promise<number> {
  const word = wordOf(WORDS)(speed);
  const list = optionOf(values, "--cpus", cpusArgument);
  const leaseSec = optionOf(values, "--for", durationArgument);
  if (word === "release" && (list !== undefined || leaseSec !== undefined))
    throw new UsageError("request release ends everything: leave out --cpus and --for");
  const path = join(dirname(socket), "request.sock");
  if (!existsSync(path) && existsSync(socket))
    throw new CommandError(
      "No application may ask: write an [app NAME] into the configuration, see APPLICATIONS in vm-power.conf(5)",
    );
  const app = values.get("--app");
  const as = app === undefined ? {} : { app };
  if (word === "release") {
    show(await callRequest(path, "Release", { parameters: as, timeoutMs }), () => "");
    return EXIT.ok;
  }
  const cpus = list ?? (await callRequest(path, "GetContract", { parameters: as, timeoutMs })).cpus;
  if (cpus.length > APP_CPUS_MAX)
    throw new UsageError(
      `One request names at most ${APP_CPUS_MAX} CPUs, not ${cpus.length}: name them with --cpus, in several requests`,
    );
  const to = word === "no-turbo" ? "noTurbo" : word;
  const asked = { ...as, cpus, to, ...(leaseSec === undefined ? {} : { leaseSec }) } as const;
  const reply = await callRequest(path, "Ask", { parameters: asked, timeoutMs });
  const { granted = [], refused = [] } = Object.groupBy(reply.results, ({ accepted }) =>
    accepted ? "granted" : "refused",
  );
  show(reply, () => linesOf(granted).join("\n"));
  for (const line of linesOf(refused)) io.stderr.write(`${line}\n`);
  return refused.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Equal results together. */
function linesOf(results: readonly RequestResult[]): string[] {
  const textOf = ({ accepted, khz, because }: RequestResult) => {
    const speed = khz === undefined ? "its own settings" : formatKhz(khz);
    const why = because === undefined ? "" : printable(because);
    return accepted ? `${speed}${why === "" ? "" : `, ${why}`}` : why;
  };
  return [...Map.groupBy(results, textOf)].map(([text, same]) => {
    const cpus = same.map(({ cpu }) => cpu);
    return `${cpus.length === 1 ? "CPU" : "CPUs"} ${formatCpuList(cpus)}: ${text}`;
  });
}

const COLUMNS: readonly Column[] = [
  { head: "APPLICATION", flexible: true },
  { head: "CPU", align: "right" },
  { head: "ASKED" },
  { head: "WANTS", align: "right" },
  { head: "GRANTED", align: "right" },
  { head: "ENDS IN", align: "right" },
];

function askersText(askers: readonly Asker[], width: number): string {
  if (askers.length === 0) return "No application has asked for anything";
  const rows = askers.flatMap(({ name, wants, quarantinedForMs }) => {
    const shown = printable(name);
    if (quarantinedForMs !== undefined)
      return [[shown, "-", "not heard", "-", "-", formatDuration(quarantinedForMs)]];
    if (wants.length === 0) return [[shown, "-", "nothing", "-", "-", "-"]];
    return wants.map(({ cpu, asked, khz, grantedKhz, endsInMs }) => [
      ...[shown, `${cpu}`, printable(asked), formatKhz(khz)],
      grantedKhz === undefined ? "-" : formatKhz(grantedKhz),
      endsInMs === undefined ? "-" : formatDuration(endsInMs),
    ]);
  });
  return drawTable(COLUMNS, rows, width);
}
