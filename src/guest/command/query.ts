import type { Command } from "commander";
import type { Khz } from "../../base/domain.ts";
import { formatKhz } from "../../base/format-khz.ts";
import type { ExitCode } from "../../terminal/exit-code.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { textWidth } from "../../terminal/wrap.ts";
import type { Capabilities } from "../../wire/reply.ts";
import type { Outcome } from "../library/outcome.ts";
import type { Power } from "../library/power.ts";
import type { Act, Context } from "./context.ts";
import { complainOf, exitCodeOf, exitCodeOfAll, plain, type Result } from "./results.ts";
import { carrierOf, using, vcpuList } from "./vcpus.ts";

const VCPUS = ["[vcpus]", "vCPUs like 0,2-5; by default the first 8", vcpuList] as const;

/** Commands `freq`, `caps`. */
export function addQueryCommands(program: Command, act: Act): void {
  program
    .command("freq")
    .summary("Show what speed the host has set")
    .description("Show what speed the CPU under each vCPU is set to.")
    .argument(...VCPUS)
    .action((list: readonly number[] | undefined) =>
      act((context) =>
        answer(context, list, frequencies, [{ head: "SET TO", align: "right" }], khzCells, "khz"),
      ),
    );
  program
    .command("caps")
    .summary("Show what the CPUs can do")
    .description("Show whether the CPU under each vCPU has turbo, and a raised base frequency.")
    .argument(...VCPUS)
    .action((list: readonly number[] | undefined) =>
      act((context) =>
        answer(
          context,
          list,
          capabilities,
          [{ head: "TURBO" }, { head: "PRIORITY" }],
          capsCells,
          "capabilities",
        ),
      ),
    );
}

/** A query of the host. The index of its answer is the vCPU. */
type Ask<T> = (
  power: Power,
  lcore: number,
  of: number | "all",
) => Promise<Outcome<readonly (T | undefined)[]>>;

/** Queries the speeds that CPUs are set to. */
export const frequencies: Ask<Khz> = (power, lcore, of) => power.queryFreqs(lcore, of);
const capabilities: Ask<Capabilities> = (power, lcore, of) => power.queryCaps(lcore, of);

const khzCells = (khz: Khz | undefined) => [khz === undefined ? "not scaled" : formatKhz(khz)];
const yesNo = (is: boolean) => (is ? "yes" : "no");
const capsCells = (caps: Capabilities | undefined) => [
  yesNo(caps?.turbo === true),
  yesNo(caps?.priority === true),
];

async function answer<T>(
  context: Context,
  list: readonly number[] | undefined,
  ask: Ask<T>,
  columns: readonly Column[],
  cells: (value: T | undefined) => readonly string[],
  name: string,
): Promise<ExitCode> {
  const power = context.power({ keep: true });
  const results = await askFor(list, power, context, ask);
  if ("reason" in results) {
    context.show({ kind: results.kind, reason: results.reason }, () => "");
    context.complain(results.reason);
    return exitCodeOf(results);
  }
  const values = results.map((result) => ({ ...result, value: grantedOf(result) }));
  const known = values.filter(({ outcome }) => outcome.kind === "granted");
  const json = plain(results).map((each, i) => ({ ...each, [name]: values[i]?.value }));
  const rows = known.map(({ vcpu, value }) => [`${vcpu}`, ...cells(value)]);
  context.show({ vcpus: json }, () =>
    rows.length === 0
      ? ""
      : drawTable([{ head: "VCPU", align: "right" }, ...columns], rows, textWidth(context.io)),
  );
  complainOf(results, context);
  return exitCodeOfAll(results);
}

/** Without named vCPUs makes one query for all; otherwise one for each, on its own channel, one after the other. */
async function askFor<T>(list: readonly number[] | undefined, power: Power, context: Context, ask: Ask<T>) {
  if (list === undefined) {
    const all = await askAll(power, context, ask);
    if (all.kind !== "granted") return all;
    return all.value.map(
      (value, vcpu): Result<T | undefined> => ({ vcpu, outcome: { kind: "granted", value } }),
    );
  }
  const results: Result<T | undefined>[] = [];
  for (const vcpu of list) {
    const lcore = carrierOf(vcpu, power, context);
    const outcome = await using(lcore, power, () => ask(power, lcore, vcpu));
    results.push({
      vcpu,
      outcome: outcome.kind === "granted" ? { kind: "granted", value: outcome.value[vcpu] } : outcome,
    });
  }
  return results;
}

/** Queries all vCPUs on one channel; on bare metal, queries each CPU. */
export async function askAll<T>(power: Power, context: Context, ask: Ask<T>) {
  const lcores = power.lcores();
  if (power.getEnv() !== "cpufreq") {
    const carrier = carrierOf(0, power, context);
    return using(carrier, power, () => ask(power, carrier, "all"));
  }
  const values: (T | undefined)[] = [];
  for (const lcore of lcores) {
    const outcome = await using(lcore, power, () => ask(power, lcore, lcore));
    if (outcome.kind !== "granted") return outcome;
    values[lcore] = outcome.value[lcore];
  }
  return { kind: "granted", value: values } as const;
}

function grantedOf<T>({ outcome }: Result<T>): T | undefined {
  return outcome.kind === "granted" ? outcome.value : undefined;
}
