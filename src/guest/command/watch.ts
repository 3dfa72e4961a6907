import type { Command } from "commander";
import type { Khz } from "../../base/domain.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { optionParser, secondsUpTo } from "../../terminal/option-values.ts";
import { formatTimeOfDay, jsonText } from "../../terminal/text.ts";
import type { Act, Context } from "./context.ts";
import { askAll, frequencies } from "./query.ts";

const INTERVAL_SECONDS_MAX = 3600;

/** Command `watch`: shows the speeds whenever they change. */
export function addWatchCommand(program: Command, act: Act): void {
  program
    .command("watch")
    .summary("Show the speeds whenever they change, until Ctrl-C")
    .description(
      "Show what speeds the CPUs under the vCPUs are set to, whenever that changes, until Ctrl-C. " +
        "The port is used only for the moment of each question.",
    )
    .option(
      "--interval <seconds>",
      "how often to ask",
      optionParser("--interval", secondsUpTo(INTERVAL_SECONDS_MAX)),
      1,
    )
    .action((options: { interval: number }) => act((context) => watch(context, options.interval * 1000)));
}

async function watch(context: Context, intervalMs: number) {
  const { io, json } = context;
  const power = context.power({ keep: true });
  let last = "";
  while (io.signal?.aborted !== true) {
    const outcome = await askAll(power, context, frequencies);
    const text = outcome.kind === "granted" ? speedsText(outcome.value) : outcome.reason;
    if (text !== last) {
      last = text;
      const atMs = Date.now();
      if (json) io.stdout.write(`${jsonText({ atMs, ...jsonOf(outcome) }, { pretty: false })}\n`);
      else if (outcome.kind === "granted") io.stdout.write(`${formatTimeOfDay(atMs)} ${text}\n`);
      else context.complain(`${formatTimeOfDay(atMs)} ${text}`);
    }
    await pause(intervalMs, io.signal);
  }
  return EXIT.ok;
}

type Answer = Awaited<ReturnType<typeof askAll<Khz>>>;

function jsonOf(outcome: Answer): object {
  if (outcome.kind !== "granted") return { kind: outcome.kind, reason: outcome.reason };
  return { kind: "granted", khz: outcome.value.map((khz) => khz ?? null) };
}

function speedsText(speeds: readonly (Khz | undefined)[]): string {
  if (speeds.length === 0) return "no vCPU";
  return speeds.map((khz, vcpu) => `${vcpu}: ${khz === undefined ? "-" : formatKhz(khz)}`).join("  ");
}

/** Waits, or until the command is stopped. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
