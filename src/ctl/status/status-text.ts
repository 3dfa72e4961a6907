import type { Channel, Status } from "../../admin/control-types.ts";
import type { Style } from "../../terminal/io.ts";
import { count, formatDuration, formatTime, printable } from "../../terminal/text.ts";
import { wrapLine } from "../../terminal/wrap.ts";
import { refusedChannels } from "../trouble.ts";
import { troubleLines } from "../trouble-lines.ts";
import { daemonTroubles } from "./daemon-troubles.ts";

/** Width of the longest label. */
const FACT_WIDTH = "Hypervisor".length;

interface Look {
  readonly style: Style;
  readonly nowMs: number;
  readonly width: number;
}

/** A status for people, with every problem and its remedy. */
export function statusText(
  status: Status,
  channels: readonly Channel[],
  { style, nowMs, width }: Look,
): string {
  const troubles = [...daemonTroubles(status), ...refusedChannels(channels)];
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
