import { hostname } from "node:os";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { spanOf } from "../moment-argument.ts";
import { reportPage } from "../report/page.ts";
import { askForReport } from "../report/report.ts";
import { reportText } from "../report/report-text.ts";
import type { Given, Verb } from "../verb.ts";

const TIME = { name: "time", kind: "text" } as const;
const DEFAULT_SINCE = "7d";

/** Verb `report`: what happened in days or weeks, as a page of text or HTML. */
export const REPORT: Verb = {
  name: "report",
  summary: "Report what happened in days or weeks",
  arguments: [],
  options: [
    { flag: "--since", doc: `from then on: 7d (ago), 03:00, 2026-11-28 (${DEFAULT_SINCE})`, value: TIME },
    { flag: "--until", doc: "until then (now)", value: TIME },
    { flag: "--vm", doc: "only this VM", value: { name: "vm", kind: "vm" } },
    { flag: "--html", doc: "a page with plots, in one file: redirect it" },
  ],
  examples: [
    ["report", "the last seven days"],
    ["report --since 24h --vm web1", "one VM, one day"],
    ["report --html", "with plots, to redirect to a file"],
  ],
  async run(context, { flags, values }) {
    const { io, json, show, style, now } = context;
    const isPage = flags.has("--html");
    if (isPage && json) throw new UsageError("--html prints a page and --json none: leave out one of them");
    if (isPage && io.isTty)
      throw new UsageError("A page is for a file: vmpowerctl report --html >report.html");
    const nowMs = now();
    const { fromMs = nowMs, toMs = nowMs } = spanOf(new Map([["--since", DEFAULT_SINCE], ...values]), nowMs);
    const report = await askForReport(context, { fromMs, toMs, vm: values.get("--vm") }, hostname());
    if (isPage) {
      io.stdout.write(reportPage(report));
      return EXIT.ok;
    }
    const { usage, energy, drifts } = report;
    if (json) for (const reply of [usage, energy, drifts]) if (reply !== undefined) show(reply, () => "");
    if (!json) io.stdout.write(`${reportText(report, { style, width: textWidth(io) })}\n`);
    return EXIT.ok;
  },
  // The page of each host is a file of its own.
  ofHosts({ flags }: Given) {
    if (flags.has("--html")) throw new UsageError("--html is for one host: name one at a time");
    return undefined;
  },
};
