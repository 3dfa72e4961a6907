import type { ReplyTo } from "../../admin/client.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { secondsUpTo, wordOf } from "../../terminal/option-values.ts";
import { optionOf } from "../arguments.ts";
import { runLive } from "../top/live.ts";
import { momentOf, SORT_KEYS, type SortKey } from "../top/rows.ts";
import { drawMoment } from "../top/view.ts";
import type { Context, Given, Verb } from "../verb.ts";

const INTERVAL_SECONDS = 2;
const INTERVAL_SECONDS_MIN = 0.2;
const INTERVAL_SECONDS_MAX = 3600;

/** The width without a terminal: enough for every column. */
const PLAIN_COLUMNS = 132;

/** Verb `top`: what each vCPU asks for and has, continuously. */
export const TOP: Verb = {
  name: "top",
  summary: "Show continuously what each vCPU asks for and has",
  arguments: [],
  options: [
    {
      flag: "--sort",
      doc: "sort by this first",
      value: { name: "key", kind: Object.keys(SORT_KEYS) },
    },
    {
      flag: "--filter",
      doc: "show only rows whose VM, state or limit contains this",
      value: { name: "text", kind: "vm" },
    },
    { flag: "--interval", doc: "time between two updates (2)", value: { name: "seconds", kind: "text" } },
    { flag: "--once", doc: "show it once and end, as without a terminal" },
    { flag: "--batch", doc: "show it again and again as plain lines, until Ctrl-C" },
  ],
  examples: [
    ["top", "live; h explains keys and columns"],
    ["top --once --sort p99", "once, for a script"],
    ["top --batch --interval 10", "table after table, for a log"],
  ],
  isEndless: ({ flags }) => flags.has("--batch"),
  async run(context, given) {
    const { sort, filter, intervalMs } = optionsOf(given);
    const { io, style, call, hangUp, socket, json } = context;
    const load = () =>
      call("GetLoad", {}).catch(async (error) => {
        await hangUp();
        throw error;
      });
    const batch = given.flags.has("--batch");
    if (batch || json || given.flags.has("--once") || io.openScreen === undefined) {
      return plainly(context, { sort, filter, intervalMs, forever: batch, load });
    }
    const first = await load();
    const screen = io.openScreen();
    try {
      const look = { sort, filter, reversed: false, offset: 0, typing: false, help: false, over: false };
      await runLive({ screen, style, look, intervalMs, first, load, socket });
    } finally {
      screen.close();
    }
    return EXIT.ok;
  },
};

interface PlainOptions {
  readonly sort: SortKey;
  readonly filter: string;
  readonly intervalMs: number;
  readonly forever: boolean;
  readonly load: () => Promise<ReplyTo<"GetLoad">>;
}

/** Longest wait before the first table, because rates need two replies. */
const FIRST_LOOK_MS = 1000;

/** Prints tables one after the other. */
async function plainly(context: Context, options: PlainOptions): Promise<typeof EXIT.ok> {
  const { io, style, show, json } = context;
  const { sort, filter, intervalMs, forever, load } = options;
  let before = await load();
  let round = 0;
  do {
    if (!json || round > 0) await Bun.sleep(round === 0 ? Math.min(intervalMs, FIRST_LOOK_MS) : intervalMs);
    const now = json && round === 0 ? before : await load();
    const columns = io.isTty && io.columns > 0 ? io.columns : PLAIN_COLUMNS;
    const choice = { sort, filter, reversed: false };
    show(now, () => drawMoment(momentOf(now, before), { choice, style, columns }).join("\n"));
    if (forever && !json) io.stdout.write("\n");
    before = now;
    round++;
  } while (forever && io.signal?.aborted !== true);
  return EXIT.ok;
}

function optionsOf({ flags, values }: Given): { sort: SortKey; filter: string; intervalMs: number } {
  if (flags.has("--once") && flags.has("--batch"))
    throw new UsageError("--once ends after one table and --batch never: leave out one of them");
  const sort = optionOf(values, "--sort", wordOf(Object.keys(SORT_KEYS) as SortKey[])) ?? "requests";
  const seconds = optionOf(values, "--interval", secondsUpTo(INTERVAL_SECONDS_MAX, INTERVAL_SECONDS_MIN));
  return { sort, filter: values.get("--filter") ?? "", intervalMs: (seconds ?? INTERVAL_SECONDS) * 1000 };
}
