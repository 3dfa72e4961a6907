import { type Command, Option } from "commander";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { optionParser } from "../../terminal/option-values.ts";
import { quoted } from "../../terminal/text.ts";
import { POLICY_TYPES, type Policy, WORKLOADS } from "../library/guest-policy.ts";
import type { Outcome } from "../library/outcome.ts";
import type { Act, Context } from "./context.ts";
import { exitCodeOf } from "./results.ts";
import { carrierOf, hourList, using, vcpuList, vcpusFor } from "./vcpus.ts";

/** The options of a policy as text. */
interface PolicyOptions {
  readonly type: Policy["type"];
  readonly vcpus?: readonly number[];
  readonly busyHours?: readonly number[];
  readonly quietHours?: readonly number[];
  readonly trafficHours?: readonly number[];
  readonly workload: NonNullable<Policy["workload"]>;
  readonly mac?: readonly string[];
  readonly minPackets: number;
  readonly avgPackets: number;
  readonly maxPackets: number;
  readonly physical?: boolean;
}

/** The most vCPUs of one policy. */
const VCPUS_MAX = 8;

/** Commands `policy send`, `policy remove`. */
export function addPolicyCommands(program: Command, act: Act): void {
  const policy = program
    .command("policy")
    .summary("Send the host a policy, or remove it")
    .description("Send the host a policy by which it sets the speed itself, or remove it.");
  policy
    .command("send")
    .description("Send a policy; it replaces the previous one.")
    .addOption(new Option("--type <type>", "what decides").choices(POLICY_TYPES).default("time"))
    .option(
      "--vcpus <list>",
      "at most 8 vCPUs; by default those that have a port",
      optionParser("--vcpus", vcpuList),
    )
    .option(
      "--busy-hours <list>",
      "hours of the host's day at the highest speed, like 8-17",
      optionParser("--busy-hours", hourList),
    )
    .option("--quiet-hours <list>", "hours at the lowest speed", optionParser("--quiet-hours", hourList))
    .option(
      "--traffic-hours <list>",
      "hours in which the traffic decides",
      optionParser("--traffic-hours", hourList),
    )
    .addOption(new Option("--workload <level>", "the expected load").choices(WORKLOADS).default("low"))
    .option("--mac <address...>", "network addresses whose traffic counts, at most 10")
    .option(
      "--min-packets <n>",
      "packets per second; no host uses it",
      optionParser("--min-packets", packets),
      0,
    )
    .option(
      "--avg-packets <n>",
      "packets per second from which a medium speed is right",
      optionParser("--avg-packets", packets),
      0,
    )
    .option(
      "--max-packets <n>",
      "packets per second from which the highest speed is right",
      optionParser("--max-packets", packets),
      0,
    )
    .option("--physical", "the numbers are CPUs of the host; most hosts refuse that")
    .action((options: PolicyOptions) =>
      act(async (context) => {
        const power = context.power();
        const wanted = vcpusFor(options.vcpus, power, context);
        // Without a list the first 8 are used; a list that is too long is an error.
        const rule = policyOf(options, options.vcpus === undefined ? wanted.slice(0, VCPUS_MAX) : wanted);
        const lcore = carrierOf(0, power, context);
        const outcome = await using(lcore, power, () => power.sendPolicy(lcore, rule));
        return showOutcome(context, outcome, "The host took the policy");
      }),
    );
  policy
    .command("remove")
    .description("Remove this VM's policy. Hosts do not reply to this request.")
    .action(() =>
      act(async (context) => {
        const power = context.power();
        const lcore = carrierOf(0, power, context);
        const outcome = await using(lcore, power, () => power.removePolicy(lcore));
        const sent: Outcome = outcome.kind === "unanswered" ? { kind: "granted", value: undefined } : outcome;
        return showOutcome(context, sent, "The host was told to remove the policy");
      }),
    );
}

function policyOf(options: PolicyOptions, vcpus: readonly number[]): Policy {
  return {
    type: options.type,
    vcpus,
    busyHours: options.busyHours ?? [],
    quietHours: options.quietHours ?? [],
    trafficHours: options.trafficHours ?? [],
    workload: options.workload,
    macs: options.mac ?? [],
    minPackets: options.minPackets,
    avgPackets: options.avgPackets,
    maxPackets: options.maxPackets,
    physical: options.physical === true,
  };
}

function packets(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${quoted(text)} is not a number of packets per second`);
}

function showOutcome(context: Context, outcome: Outcome, words: string) {
  const { kind } = outcome;
  context.show(kind === "granted" ? { kind } : { kind, reason: outcome.reason }, () =>
    kind === "granted" ? words : "",
  );
  if (outcome.kind === "granted") return EXIT.ok;
  context.complain(outcome.reason);
  return exitCodeOf(outcome);
}
