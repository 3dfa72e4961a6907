import { type Command, Option } from "commander";
import { wordsOf } from "../../terminal/command-line.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { optionParser } from "../../terminal/option-values.ts";
import { POLICY_TYPES, type Policy } from "../library/guest-policy.ts";
import type { Act, Context } from "./context.ts";
import { exitCodeOf } from "./results.ts";
import { SHELL_COMMANDS, type ShellContext } from "./shell-commands.ts";
import { hourList, vcpuList } from "./vcpus.ts";

/** The default VM name of DPDK's guest program. */
const DEFAULT_VM_NAME = "ubuntu2";

interface ShellOptions {
  readonly policy: string;
  readonly vcpuList: string;
  readonly busyHours: string;
  readonly quietHours: string;
}

/** Command `shell`: the prompt of DPDK's guest program, for programs that were written to control it. */
export function addShellCommand(program: Command, act: Act): void {
  program
    .command("shell")
    .summary("Open a prompt like that of DPDK's guest_cli")
    .description(
      "Open a prompt like that of DPDK's guest_cli: set_cpu_freq, send_policy, query_cpu_freq, … quit.",
    )
    .addOption(
      new Option("--policy <type>", "what send_policy sends")
        .choices(POLICY_TYPES.map((type) => type.toUpperCase().replace("-", "_")))
        .default("TIME"),
    )
    .option("--vcpu-list <list>", "vCPUs that send_policy names", "0,1")
    .option("-b, --busy-hours <list>", "hours at the highest speed", "3,4,5")
    .option("-q, --quiet-hours <list>", "hours at the lowest speed", "11,12,13")
    .action((options: ShellOptions) => act((context) => shell(context, options)));
}

async function shell(context: Context, options: ShellOptions) {
  if (context.json) throw new UsageError("shell prints what DPDK's prompt prints: leave out --json");
  const { io } = context;
  const policy = policyOf(options);
  const power = context.power(context.vmName === undefined ? { vmName: DEFAULT_VM_NAME } : {});
  const lcores = new Set<number>();
  for (const lcore of power.lcores()) {
    const outcome = await power.init(lcore);
    if (outcome.kind === "granted") lcores.add(lcore);
    else context.complain(outcome.reason);
  }
  if (lcores.size === 0) {
    const outcome = await power.init(0);
    if (outcome.kind !== "granted") {
      context.complain(outcome.reason);
      return exitCodeOf(outcome);
    }
    lcores.add(0);
  }
  const reader = io.readLines();
  const say = (line: string) => void io.stdout.write(`${line}\n`);
  try {
    await obeyAll(reader, { power, lcores, policy, say, explain: context.complain });
  } finally {
    reader.close();
    await power.unsetEnv();
  }
  return EXIT.ok;
}

async function obeyAll(reader: ReturnType<Context["io"]["readLines"]>, context: ShellContext): Promise<void> {
  for (;;) {
    const line = await reader.next("vmpower(guest)> ");
    // The prompt of the user's shell then starts on a new line.
    if (line === undefined) return context.say("");
    const [name, ...words] = wordsOf(line);
    if (name === "quit" && words.length === 0) return;
    if (name !== undefined) await obey(context, name, words);
  }
}

async function obey(context: ShellContext, name: string, words: readonly string[]): Promise<void> {
  const command = SHELL_COMMANDS.find((each) => each.name === name);
  if (command === undefined && name !== "quit") context.say("Command not found");
  else if (command === undefined || !command.fits(words)) context.say("Bad arguments");
  else await command.run(context, words);
}

/** The policy that DPDK's guest program sends by default, with the changes of its options. */
function policyOf({ policy, ...options }: ShellOptions): Policy {
  return {
    type: POLICY_TYPES.find((type) => type.toUpperCase().replace("-", "_") === policy) ?? "time",
    vcpus: optionParser("--vcpu-list", vcpuList)(options.vcpuList),
    busyHours: optionParser("--busy-hours", hourList)(options.busyHours),
    quietHours: optionParser("--quiet-hours", hourList)(options.quietHours),
    trafficHours: [8, 10],
    workload: "low",
    minPackets: 96_000,
    avgPackets: 1_800_000,
    maxPackets: 2_000_000,
  };
}
