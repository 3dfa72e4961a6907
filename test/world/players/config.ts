import type { Profile } from "../profile.ts";
import { contractText } from "./contract.ts";
import { scheduleText } from "./schedule.ts";
import type { Vm } from "./vm.ts";

/** Lines of a section besides those that the host always has. */
interface More {
  readonly daemon?: string;
  readonly cpufreq?: string;
  readonly channels?: string;
  readonly hypervisor?: string;
}

/** Seconds after which an unused CPU is parked, where the host parks any. */
export const PARK_AFTER_SEC = 30;

/** The configuration of a host. Flooding guests may ask little, so that they are quarantined. */
export function configText(
  { energy, parks, schedules }: Profile,
  vms: Iterable<Vm>,
  more: More = {},
): string {
  const parking = parks ? `Parked=min\nParkAfterSec=${PARK_AFTER_SEC}\n` : "";
  const contracts = [...vms].map(({ name, contract }) => contractText(name, contract));
  return [
    "[vm flooding*]\nRequestsPerSecond=5\nBurst=5\n",
    `[energy]\n${energy}\n`,
    `[cpufreq]\n${parking}${more.cpufreq ?? ""}`,
    `[daemon]\n${more.daemon ?? ""}`,
    `[channels]\n${more.channels ?? ""}`,
    `[hypervisor]\n${more.hypervisor ?? ""}`,
    ...contracts,
    ...schedules.map(scheduleText),
  ].join("");
}

/** What a reload must follow. */
export const GOOD_RELOADS: readonly More[] = [
  { daemon: "LogLevel=debug\n" },
  { cpufreq: "OnDrift=reassert\n", channels: "StrictDirectory=no\n" },
];

/** What must be refused as a whole. */
export const BAD_RELOADS: readonly More[] = [
  { cpufreq: "MultiPin=perhaps\n" },
  { daemon: "MonitorAccess=everyone\n" },
  { channels: "[vm" },
  { hypervisor: "Uri=test:///default\n" },
];
