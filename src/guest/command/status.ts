import type { Command } from "commander";
import { formatCpuList } from "../../base/cpu-list.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { drawTable } from "../../terminal/table.ts";
import { printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { chooseEnvironment, portsOf } from "../library/choose.ts";
import { scalableCpus } from "../library/cpufreq-environment.ts";
import type { EnvironmentName } from "../library/environment.ts";
import { type PortState, probePort } from "../library/probe.ts";
import type { Act, Context } from "./context.ts";
import { exitCodeOf } from "./results.ts";

/** Command `status`: shows the ports, and why one cannot be used. */
export function addStatusCommand(program: Command, act: Act): void {
  program
    .command("status")
    .summary("Show the ports, and which processes use them")
    .description(
      "Show how this guest can scale: its ports, whether a host is connected to them, and which processes use them.",
    )
    .action(() => act(async (context) => status(context)));
}

function status(context: Context) {
  const env = context.env ?? chooseEnvironment(context.io.env["VM_POWER_ENV"], context.places);
  if (typeof env !== "string") {
    context.show({ env: null, ports: [], reason: env.reason }, () => "");
    context.complain(env.reason);
    return exitCodeOf(env);
  }
  const source = portsOf(env, context.places);
  if (source === undefined) return bareMetal(env, context);
  const ports = source.list().map((port) => probePort(source, port, { tellsHost: env === "kvm-vm" }));
  context.show({ env, ports }, () => portsText(env, ports, context));
  for (const { reason } of ports) if (reason !== undefined) context.complain(reason);
  return ports.some(({ state }) => state === "connected" || state === "silent" || state === "held")
    ? EXIT.ok
    : EXIT.notRunning;
}

function bareMetal(env: EnvironmentName, context: Context) {
  const cpus = scalableCpus(context.places.cpus);
  context.show({ env, cpus }, () => `${env}: CPUs ${formatCpuList(cpus)} can be scaled here, without a host`);
  return EXIT.ok;
}

function portsText(env: EnvironmentName, ports: readonly PortState[], { io, style }: Context): string {
  const rows = ports.map((port) => [
    `${port.port}`,
    hostText(port, style),
    port.holder === undefined ? "-" : `${port.holder.pid} (${printable(port.holder.name)})`,
    printable(port.path),
  ]);
  const columns = [
    { head: "PORT", align: "right" },
    { head: "HOST" },
    { head: "HELD BY" },
    { head: "DEVICE" },
  ] as const;
  return `${style.bold(env)}\n${drawTable(columns, rows, textWidth(io))}`;
}

/** While another process has a port open, only that process can see whether a host is there. */
function hostText({ state }: PortState, style: Style): string {
  switch (state) {
    case "connected":
      return style.good("connected");
    case "no-host":
      return style.bad("absent");
    case "unusable":
      return style.bad("unusable");
    case "held":
    case "silent":
      return "-";
  }
}
