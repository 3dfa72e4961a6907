import type { Channel, Status } from "../../admin/control-types.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { count, formatDuration, formatTime, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { refusedChannels, type Trouble, troubleLines } from "../trouble.ts";
import type { Verb } from "../verb.ts";

/** Verb `status`: whether all is well, and what is wrong. */
export const STATUS: Verb = {
  name: "status",
  summary: "Show whether all is well, and what is not",
  arguments: [],
  examples: [["status", "at a glance"]],
  async run({ call, show, style, now, json, io }) {
    const status = await call("GetStatus", {});
    const { channels } =
      (status.channelsRefused === 0 && status.channelsQuarantined === undefined) || json
        ? { channels: [] }
        : await call("ListChannels", {});
    show(status, () => statusText(status, channels, { style, nowMs: now(), width: textWidth(io) }));
    return EXIT.ok;
  },
};

/** Width of the longest label. */
const FACT_WIDTH = "Hypervisor".length;

interface Look {
  readonly style: Style;
  readonly nowMs: number;
  readonly width: number;
}

function statusText(status: Status, channels: readonly Channel[], { style, nowMs, width }: Look): string {
  const troubles = troublesOf(status, channels);
  const since = `since ${formatTime(status.startedAtMs)} (${formatDuration(nowMs - status.startedAtMs)})`;
  const mood =
    troubles.length === 0
      ? style.good("is running")
      : style.bad(`is running, with ${count(troubles.length, "problem")}`);
  const { hypervisor, counters } = status;
  const facts: [string, string][] = [
    ["Process", `${status.pid}, ${since}`],
    [
      "Hypervisor",
      `${printable(hypervisor.driver)}${hypervisor.driver === "libvirt" ? ` ${printable(hypervisor.uri)}` : ""}, ` +
        `${printable(hypervisor.state)}, ${count(hypervisor.domains, "domain")}`,
    ],
    ["VMs", `${status.vms} known, ${count(status.claims, "claim")}`],
    [
      "Channels",
      `${status.channelsConnected} of ${status.channels} connected in ${printable(status.channelDirectory)}`,
    ],
    ["CPUs", `${status.cpusManaged} managed${unmanagedText(status)}${parkedText(status)}${heldText(status)}`],
    ["Requests", requestsText(counters)],
    [
      "Writes",
      `${counters.writes}${counters.writesRefused === 0 ? "" : `, ${counters.writesRefused} refused by the kernel`}`,
    ],
  ];
  const lines = [
    `${style.bold(`vm-power ${printable(status.version)}`)} ${mood}`,
    ...facts.map(([name, value]) =>
      wrapLine(`  ${style.dim(name.padEnd(FACT_WIDTH))} ${value}`, width, FACT_WIDTH + 3),
    ),
    ...troubleLines(troubles, style, width),
  ];
  return lines.join("\n");
}

function unmanagedText({ cpusUnmanaged, cpusReserved = 0 }: Status): string {
  const reserved = cpusReserved === 0 ? "" : ` (${cpusReserved} reserved)`;
  return cpusUnmanaged === 0 ? "" : `, ${cpusUnmanaged} not${reserved}`;
}

/** How many unused CPUs are parked, if they are at all. */
function parkedText({ cpusParked }: Status): string {
  return cpusParked === undefined ? "" : `, ${cpusParked} parked`;
}

/** How many clocks operators hold, if any. */
function heldText({ holds = 0 }: Status): string {
  return holds === 0 ? "" : `, ${count(holds, "hold")}: vmpowerctl holds`;
}

function requestsText({
  requests,
  granted,
  refused,
  malformed,
  framingErrors,
  repliesDropped,
}: Status["counters"]) {
  const rest = (
    [
      [refused, "refused"],
      [malformed, "malformed"],
      [framingErrors, framingErrors === 1 ? "framing error" : "framing errors"],
      [repliesDropped, "replies not read"],
    ] as const
  ).filter(([number]) => number > 0);
  return [`${requests}: ${granted} granted`, ...rest.map(([number, what]) => `${number} ${what}`)].join(", ");
}

function troublesOf(status: Status, channels: readonly Channel[]): Trouble[] {
  const troubles: Trouble[] = [];
  const { hypervisor } = status;
  if (hypervisor.state !== "connected") {
    const why = hypervisor.problem === undefined ? "" : `: ${printable(hypervisor.problem)}`;
    troubles.push({
      what: `The hypervisor is ${printable(hypervisor.state)}${why}`,
      remedy: `known VMs are served with the last known state${hypervisor.driver === "libvirt" ? "; systemctl status libvirtd virtqemud" : ""}`,
    });
  }
  if (hypervisor.note !== undefined) troubles.push({ what: printable(hypervisor.note), remedy: undefined });
  if (status.dryRun) {
    troubles.push({
      what: "This is a dry run: no CPU is changed",
      remedy: "DryRun=no in [cpufreq], and a restart",
    });
  }
  if (status.directoryProblem !== undefined) {
    const what = `${printable(status.channelDirectory)}: ${printable(status.directoryProblem)}`;
    troubles.push({ what, remedy: undefined });
  }
  if (status.cpusManaged === 0) {
    troubles.push({
      what: "No CPU can be scaled",
      remedy: "vmpowerctl show-cpu-freq tells why",
    });
  }
  return [...troubles, ...refusedChannels(channels)];
}
