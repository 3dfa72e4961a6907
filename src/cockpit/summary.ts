import type { Cpu, Status } from "../admin/control-types.ts";
import { formatGhz } from "../base/format-khz.ts";
import type { Moment } from "../ctl/top/rows.ts";
import { formatDuration } from "../terminal/text.ts";
import { byId, element, setText } from "./dom.ts";
import type { Look } from "./session.ts";

/** A number that tells how the host is, its unit, and what is beside it. */
interface Figure {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly more: string;
}

/** The power of the host, and whether a meter told some of it. */
export interface Power {
  readonly watts: number;
  readonly isMetered: boolean;
}

const drawn = new Map<string, readonly HTMLElement[]>();

/** Draws the figures of the host: one line that tells how it is. */
export function showSummary(
  { status, cpus }: Pick<Look, "status" | "cpus">,
  { moment, power }: { readonly moment: Moment; readonly power: Power | undefined },
): void {
  setText(byId("version"), `${status.version}, up ${formatDuration(moment.uptimeMs)}`);
  for (const figure of figuresOf(status, cpus, moment)) show(figure);
  const watts = power?.watts.toFixed(1) ?? "–";
  const source = power?.isMetered === false ? "modelled, last minute" : "last minute";
  show({ name: "Power", value: watts, unit: "W", more: source });
}

function figuresOf(status: Status, cpus: readonly Cpu[], moment: Moment): Figure[] {
  const managed = cpus.filter((cpu) => cpu.managed);
  const real = managed.flatMap(({ currentKhz }) => currentKhz ?? []);
  const set = managed.flatMap(({ requestedKhz }) => requestedKhz ?? []);
  const { holds = 0, cpusParked, cpusUnmanaged, vms, claims, channels, channelsConnected } = status;
  const others = [
    ...(cpusUnmanaged === 0 ? [] : [`${cpusUnmanaged} not managed`]),
    ...(cpusParked === undefined ? [] : [`${cpusParked} parked`]),
    ...(holds === 0 ? [] : [`${holds} held`]),
  ];
  return [
    { name: "CPUs", value: `${status.cpusManaged}`, unit: "", more: others.join(", ") || "all managed" },
    { name: "Real speed", value: meanGhz(real), unit: "GHz", more: `${meanGhz(set)} set, on ${set.length}` },
    { name: "VMs", value: `${vms}`, unit: "", more: `${channelsConnected} of ${channels} channels` },
    { name: "Claims", value: `${claims}`, unit: "", more: `of ${moment.rows.length} vCPUs` },
    {
      name: "Requests",
      value: moment.requestsPerSecond.toFixed(1),
      unit: "/s",
      more: `${moment.refusedPerSecond.toFixed(1)} /s refused`,
    },
    {
      name: "Reply, worst p99",
      value: moment.worstP99Us === undefined ? "–" : moment.worstP99Us.toFixed(0),
      unit: "µs",
      more: `${moment.drops} dropped`,
    },
  ];
}

function meanGhz(khz: readonly number[]): string {
  return khz.length === 0 ? "–" : formatGhz(khz.reduce((sum, each) => sum + each, 0) / khz.length);
}

function show({ name, value, unit, more }: Figure): void {
  let [number, beside] = drawn.get(name) ?? [];
  if (number === undefined || beside === undefined) {
    number = element("span", { class: "value" });
    beside = element("span", { class: "quiet" });
    drawn.set(name, [number, beside]);
    const told = element("dd", {
      children: [number, element("span", { class: "unit", text: unit }), beside],
    });
    byId("figures").append(element("div", { children: [element("dt", { text: name }), told] }));
  }
  setText(number, value);
  setText(beside, more);
}
