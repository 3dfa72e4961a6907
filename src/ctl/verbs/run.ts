import type { CpuResult, HoldOrder } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { runChild } from "../../terminal/child.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { printable } from "../../terminal/text.ts";
import { cpusArgument, optionOf } from "../arguments.ts";
import { SPEED_WORDS, speedArgument } from "../speed-argument.ts";
import type { Context, Verb } from "../verb.ts";

/** How often a lost connection is made again, in ms. */
const AGAIN_MS = 250;

/** Verb `run`: holds CPUs at a speed while a command runs. */
export const RUN: Verb = {
  name: "run",
  summary: "Hold CPUs at a speed while a command runs",
  arguments: [{ name: "command", required: true, repeats: true, doc: "the command, after --", kind: "text" }],
  options: [
    { flag: "--cpus", doc: "CPUs like 2-5,8", value: { name: "cpus", kind: "cpus" } },
    {
      flag: "--want",
      doc: `a speed like 2.3GHz, or one of ${SPEED_WORDS.join(", ")} (max)`,
      value: { name: "speed", kind: SPEED_WORDS },
    },
    { flag: "--reason", doc: "why, for those who look later", value: { name: "text", kind: "text" } },
  ],
  examples: [["run --cpus 2-3 --want max -- make -j2", "exit status: that of make"]],
  async run(context, { arguments: command, values }) {
    if (context.json) throw new UsageError("run prints what its command prints: leave out --json");
    const cpus = optionOf(values, "--cpus", cpusArgument);
    if (cpus === undefined) throw new UsageError("run needs --cpus: name CPUs like --cpus 2-5");
    const words = command.filter((word) => word !== undefined);
    const order: HoldOrder = {
      cpus,
      ...(optionOf(values, "--want", speedArgument) ?? { to: "max" }),
      reason: values.get("--reason") ?? words.join(" ").slice(0, REASON_LENGTH),
    };
    const keeper = new Keeper(context, order);
    try {
      const failed = (await keeper.begin()).filter(({ ok }) => !ok);
      for (const { pcpu, reason } of failed)
        context.io.stderr.write(`CPU ${formatCpuList([pcpu])}: ${printable(reason ?? "failed")}\n`);
      if (failed.length > 0) return EXIT.failed;
      return await runChild(words, (line) => context.io.stderr.write(`${printable(line)}\n`));
    } finally {
      await keeper.end();
    }
  },
};

/** Longest part of the command that is the reason of the hold, if none is given. */
const REASON_LENGTH = 100;

/** Keeps CPUs held: a connection that is lost, because the daemon was restarted, is made again. */
class Keeper {
  readonly #context: Context;
  readonly #order: HoldOrder;
  readonly #stop = new AbortController();
  #isHeld = false;
  #kept: Promise<void> = Promise.resolve();

  constructor(context: Context, order: HoldOrder) {
    this.#context = context;
    this.#order = order;
  }

  /** Resolves with the result for each CPU. */
  async begin(): Promise<readonly CpuResult[]> {
    const { promise, resolve } = Promise.withResolvers<readonly CpuResult[]>();
    const first = this.#hold(resolve);
    const results = await Promise.race([promise, first.then(() => [] as readonly CpuResult[])]);
    if (results.length > 0 && results.every(({ ok }) => ok)) this.#kept = this.#keep(first);
    return results;
  }

  /** Ends the hold. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#kept;
  }

  async #keep(first: Promise<unknown>): Promise<void> {
    const { signal } = this.#stop;
    const onResults = () => this.#isHeld && this.#say("held again");
    await first.catch(() => {});
    while (!signal.aborted) {
      if (this.#isHeld) this.#say("not held any more, because vm-power ended the connection; trying again");
      this.#isHeld = false;
      await this.#context.hangUp();
      await Bun.sleep(AGAIN_MS);
      if (!signal.aborted) await this.#hold(onResults).catch(() => {});
    }
  }

  async #hold(onResults: (results: readonly CpuResult[]) => void): Promise<void> {
    const onReply = ({ results }: { readonly results: readonly CpuResult[] }) => {
      this.#isHeld = results.every(({ ok }) => ok);
      onResults(results);
    };
    await this.#context.hold(this.#order, onReply, { signal: this.#stop.signal });
  }

  #say(what: string): void {
    this.#context.io.stderr.write(`CPUs ${formatCpuList(this.#order.cpus)}: ${what}\n`);
  }
}
