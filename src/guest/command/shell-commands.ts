import { numberOf } from "../../terminal/command-line.ts";
import type { ScaleAction } from "../../wire/packet.ts";
import type { Policy } from "../library/guest-policy.ts";
import type { Failure, Outcome } from "../library/outcome.ts";
import type { Power } from "../library/power.ts";

/** What a command of the prompt needs. */
export interface ShellContext {
  readonly power: Power;
  /** The lcores whose ports are open. */
  readonly lcores: ReadonlySet<number>;
  readonly policy: Policy;
  /** Prints an answer in the words of DPDK's prompt. */
  readonly say: (line: string) => void;
  /** Prints the reason, which DPDK's program writes to its log if at all. */
  readonly explain: (sentence: string) => void;
}

/** A command of the prompt. */
export interface ShellCommand {
  readonly name: string;
  /** Whether these words may follow its name. */
  readonly fits: (words: readonly string[]) => boolean;
  readonly run: (context: ShellContext, words: readonly string[]) => Promise<void>;
}

/** The words of DPDK's prompt for scale actions, and ours. */
const ACTIONS: Readonly<Record<string, ScaleAction>> = {
  up: "up",
  down: "down",
  min: "min",
  max: "max",
  enable_turbo: "turbo",
  disable_turbo: "no-turbo",
};

/** The lcore on whose channel policies are sent, whatever vCPUs they name. */
const POLICY_LCORE = 1;

/** The most vCPUs that can be queried. */
const QUERY_END = 8;

/** All commands but `quit`. */
export const SHELL_COMMANDS: readonly ShellCommand[] = [
  {
    name: "send_policy",
    fits: (words) => words.length === 1 && words[0] === "now",
    async run({ power, policy, say, explain }) {
      say("Sending Policy down now!");
      const outcome = await power.sendPolicy(POLICY_LCORE, policy);
      if (outcome.kind === "granted" || outcome.kind === "refused")
        return say(`${outcome.kind === "granted" ? "ACK" : "NACK"} for sent policy received.`);
      explain(outcome.reason);
      if (outcome.kind === "unanswered") explain("No confirmation for sent policy received");
      else say(SEND_ERROR);
    },
  },
  {
    name: "set_cpu_freq",
    fits: ([core = "", action = "", ...more]) =>
      numberOf(core) !== undefined && Object.hasOwn(ACTIONS, action) && more.length === 0,
    async run({ power, lcores, say, explain }, [core = "", action = ""]) {
      const lcore = numberOf(core) ?? 0;
      if (!lcores.has(lcore)) {
        explain("Channel is not connected");
        return say(SEND_ERROR);
      }
      const outcome = await power.scale(lcore, ACTIONS[action] ?? "max");
      if (outcome.kind === "granted" || outcome.kind === "refused")
        return say(`${outcome.kind === "granted" ? "ACK" : "NACK"} received for message sent to host.`);
      explain(outcome.reason);
      if (outcome.kind === "unanswered") explain("No confirmation for sent message received");
      else say(SEND_ERROR);
    },
  },
  query(
    "query_cpu_freq",
    "frequency list",
    (power, lcore, of) => power.queryFreqs(lcore, of),
    (khz, vcpu) => {
      return `Frequency of [${vcpu}] vcore is ${khz ?? 0}.`;
    },
  ),
  query(
    "query_cpu_caps",
    "capabilities",
    (power, lcore, of) => power.queryCaps(lcore, of),
    (caps, vcpu) => {
      const { turbo = false, priority = false } = caps ?? {};
      return `Capabilities of [${vcpu}] vcore are: turbo possibility: ${Number(turbo)}, is priority core: ${Number(priority)}.`;
    },
  ),
];

/** The text of strerror(3) for the library's -1. */
const SEND_ERROR = "Error sending message: Unknown error -1";

function query<T>(
  name: string,
  what: string,
  ask: (power: Power, lcore: number, of: number | "all") => Promise<Outcome<readonly (T | undefined)[]>>,
  line: (value: T | undefined, vcpu: number) => string,
): ShellCommand {
  return {
    name,
    fits: (words) => words.length === 1,
    async run({ power, lcores, say, explain }, [word = ""]) {
      const vcpu = word === "all" ? "all" : /^[+-]?\d+/.test(word) ? Number.parseInt(word, 10) : -1;
      if (vcpu !== "all" && !(vcpu >= 0 && vcpu < QUERY_END)) return say("Invalid parameter provided.");
      const lcore = vcpu === "all" ? Math.min(...lcores) : vcpu;
      if (!Number.isFinite(lcore)) return say("Enabled core not found.");
      const outcome = await ask(power, lcore, vcpu);
      if (outcome.kind !== "granted") {
        explain(outcome.reason);
        return say(
          isSent(outcome) ? `Error during ${what} reception.` : `Error during sending ${what} query.`,
        );
      }
      const vcpus = vcpu === "all" ? outcome.value.keys() : [vcpu];
      for (const each of vcpus) say(line(outcome.value[each], each));
    },
  };
}

function isSent({ kind }: Failure): boolean {
  return kind === "unanswered";
}
