import { availableParallelism } from "node:os";
import { parseCpuList } from "../../base/cpu-list.ts";
import { UsageError } from "../../terminal/exit-code.ts";
import { quoted } from "../../terminal/text.ts";
import type { Outcome } from "../library/outcome.ts";
import type { Power } from "../library/power.ts";
import type { Context } from "./context.ts";
import type { Result } from "./results.ts";

/** Parses numbers and ranges, `0,2-5`. `what` names them in an error. */
function listArgument(text: string, what: string): number[] {
  const numbers = parseCpuList(text) ?? [];
  if (numbers.length > 0) return numbers;
  throw new UsageError(`${quoted(text)} is not a list of ${what} like 0,2-5`);
}

/** Parses vCPUs, `0,2-5`. */
export function vcpuList(text: string): number[] {
  return listArgument(text, "vCPUs");
}

/** Parses hours of the day, `8-17,22`. */
export function hourList(text: string): number[] {
  return listArgument(text, "hours");
}

/**
 * The vCPUs of a command: the named ones, else those that have a port, or with `--port` all of this guest. Never empty:
 * without any port it is vCPU 0, whose failure says what is missing.
 */
export function vcpusFor(
  list: readonly number[] | undefined,
  power: Power,
  { port }: Pick<Context, "port">,
): readonly number[] {
  if (list !== undefined) return list;
  if (port !== undefined) return Array.from({ length: availableParallelism() }, (_, vcpu) => vcpu);
  const found = power.lcores();
  return found.length === 0 ? [0] : found;
}

/** The lcore whose channel is used for a vCPU: its own, else the first that has one. */
export function carrierOf(vcpu: number, power: Power, { port }: Pick<Context, "port">): number {
  const lcores = power.lcores();
  return port !== undefined || lcores.includes(vcpu) ? vcpu : (lcores[0] ?? vcpu);
}

/** Runs `work` for all vCPUs at the same time, each on its own channel, and closes the channels. */
export function forEach<T>(
  vcpus: readonly number[],
  power: Power,
  work: (vcpu: number) => Promise<Outcome<T>>,
): Promise<Result<T>[]> {
  return Promise.all(
    vcpus.map(async (vcpu) => ({ vcpu, outcome: await using(vcpu, power, () => work(vcpu)) })),
  );
}

/** Runs `work` while an lcore is initialised. */
export async function using<T>(
  lcore: number,
  power: Power,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const ready = await power.init(lcore);
  if (ready.kind !== "granted") return ready;
  try {
    return await work();
  } finally {
    await power.exit(lcore);
  }
}
