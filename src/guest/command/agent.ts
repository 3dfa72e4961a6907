import type { Command } from "commander";
import type { Log, LogLevel } from "../../base/log.ts";
import { formatProblems } from "../../config/problem.ts";
import { HAS_SEQPACKET } from "../../os/seqpacket.ts";
import { PRIORITY } from "../../systemd/journal.ts";
import { openNotify } from "../../systemd/notify.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { printable } from "../../terminal/text.ts";
import { type Agent, makeAgent } from "../agent/agent.ts";
import type { BusySource } from "../agent/busy.ts";
import { AGENT_CONFIG_PATH, type AgentConfig, loadAgentConfig } from "../agent/config.ts";
import { procStat } from "../agent/proc-stat.ts";
import { dpdkTelemetry } from "../agent/telemetry.ts";
import type { Act, Context } from "./context.ts";

/** The configuration is wrong or asks for nothing: starting again will not help (sysexits.h). */
const EXIT_CONFIG = 78;

interface AgentOptions {
  readonly config: string;
  readonly checkConfig?: boolean;
}

/** Command `agent`: asks for speed on behalf of programs that do not ask themselves. */
export function addAgentCommand(program: Command, act: Act): void {
  program
    .command("agent")
    .summary("Ask for the speeds that this guest needs, until stopped")
    .description(
      "Measure the load of the vCPUs and ask the host for the speeds that they need, until stopped. The agent uses " +
        "the ports that its configuration names, and no others.",
    )
    .option("--config <file>", "configuration file", AGENT_CONFIG_PATH)
    .option("--check-config", "read the configuration, report errors in it, and exit")
    .action((options: AgentOptions) => act((context) => agent(context, options)));
}

async function agent(context: Context, { config: path, checkConfig }: AgentOptions): Promise<number> {
  const loaded = loadAgentConfig(path);
  if (!loaded.ok) {
    for (const line of formatProblems(loaded.why)) context.complain(line);
    return EXIT_CONFIG;
  }
  const config = loaded.value;
  if (checkConfig === true) {
    context.io.stdout.write(`${path} is sound\n`);
    return EXIT.ok;
  }
  if (config.ports.length === 0) {
    context.complain(`The agent has no port: set Ports= in ${path}, like Ports=0`);
    return EXIT_CONFIG;
  }
  if (config.source === "dpdk-telemetry" && !HAS_SEQPACKET) {
    context.complain(
      "Source=dpdk-telemetry does not work with Node: install the package vm-power-guest, or use Bun",
    );
    return EXIT_CONFIG;
  }
  const log = logTo(context);
  const power = context.power({ log, ...(config.vmName === undefined ? {} : { vmName: config.vmName }) });
  const running = makeAgent(config, { power, sources: sourcesOf(config), log, now: () => performance.now() });
  await runUntilStopped(running, config, context);
  return EXIT.ok;
}

async function runUntilStopped(
  running: Agent,
  { intervalMs, ports }: AgentConfig,
  { io }: Context,
): Promise<void> {
  const notify = openNotify(io.env);
  const stopped = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopped.resolve());
  io.signal?.addEventListener("abort", () => stopped.resolve(), { once: true });
  let ticking: Promise<void> | undefined;
  const tick = () => {
    // With a host that does not answer, a reading takes longer than the interval.
    ticking ??= running.tick().finally(() => {
      ticking = undefined;
    });
    notify.alive();
  };
  tick();
  const timer = setInterval(tick, intervalMs);
  notify.ready(`Asking for ${ports.length === 1 ? "1 vCPU" : `${ports.length} vCPUs`}`);
  await stopped.promise;
  notify.stopping();
  clearInterval(timer);
  await ticking;
  await running.stop();
}

function sourcesOf({ source, telemetrySocket }: AgentConfig): BusySource[] {
  switch (source) {
    case "auto":
      return [...(HAS_SEQPACKET ? [dpdkTelemetry(telemetrySocket)] : []), procStat()];
    case "proc-stat":
      return [procStat()];
    case "dpdk-telemetry":
      return [dpdkTelemetry(telemetrySocket)];
  }
}

/** Logs to stderr. Under systemd a line begins with its priority. */
function logTo({ io }: Context): Log {
  const toJournal = io.env["JOURNAL_STREAM"] !== undefined;
  const line = (level: LogLevel) => (message: string) => {
    const start = toJournal ? `<${PRIORITY[level]}>` : `${level}: `;
    io.stderr.write(`${start}${printable(message)}\n`);
  };
  const quiet = () => {};
  return {
    error: line("error"),
    warning: line("warning"),
    notice: line("notice"),
    info: line("info"),
    debug: quiet,
  };
}
