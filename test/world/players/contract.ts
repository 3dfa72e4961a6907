import type { Hardware } from "../machine/kernel-policy.ts";
import type { Random } from "../machine/random.ts";
import { ACTIONS, type Action } from "./guest.ts";

/** What the configuration says of one VM (vm-power.conf(5), "[vm NAME]"). */
export interface Contract {
  readonly minKhz?: number;
  readonly maxKhz?: number;
  /** What it may ask for; all if it is missing. */
  readonly operations?: readonly Action[];
  readonly leaseSec?: number;
  readonly dwellMs?: number;
  /** The floor under the CPUs of its emulator. */
  readonly emulatorMinKhz?: number;
}

const STEP_KHZ = 100_000;

/** Draws a contract. Most VMs have none. */
export function drawContract(random: Random, { khz }: Hardware): Contract {
  if (random.chance(0.5)) return {};
  const steps = (edge: number | undefined) => Math.round((edge ?? 0) / STEP_KHZ);
  const bound = () => STEP_KHZ * random.between(steps(khz.at(-1)), steps(khz[0]));
  const keys: readonly Contract[] = [
    { minKhz: bound() },
    { maxKhz: bound() },
    { operations: ACTIONS.filter(() => random.chance(0.7)) },
    { leaseSec: random.pick([5, 20, 60, 600]) },
    { dwellMs: random.pick([500, 5000, 30_000]) },
  ];
  const contract = { ...random.pick(keys), ...random.pick(keys) };
  const { minKhz, maxKhz } = contract;
  // The daemon does not start with the lower bound above the upper one.
  return minKhz === undefined || maxKhz === undefined || minKhz <= maxKhz
    ? contract
    : { ...contract, minKhz: maxKhz };
}

/** Draws the floor of a VM. Most have none. */
export function drawFloor(random: Random, { khz }: Hardware): Contract {
  if (!random.chance(0.35)) return {};
  const steps = (edge: number | undefined) => Math.round((edge ?? 0) / STEP_KHZ);
  return { emulatorMinKhz: STEP_KHZ * random.between(steps(khz.at(-1)), steps(khz[0])) };
}

/** The section of the configuration that says so; empty if it says nothing. */
export function contractText(vm: string, contract: Contract): string {
  const { minKhz, maxKhz, operations, leaseSec, dwellMs, emulatorMinKhz } = contract;
  const operationText = operations?.length === 0 ? "none" : operations?.join(",");
  const keys = Object.entries({
    ...{ MinKhz: minKhz, MaxKhz: maxKhz, Operations: operationText, LeaseSec: leaseSec, MinDwellMs: dwellMs },
    ...{ EmulatorMinKhz: emulatorMinKhz },
  });
  const lines = keys.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`]));
  return lines.length === 0 ? "" : `[vm ${vm}]\n${lines.join("")}`;
}
