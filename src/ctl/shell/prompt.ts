import { VarlinkError } from "../../admin/client-error.ts";
import type { Vm } from "../../admin/control-types.ts";
import { printable } from "../../terminal/text.ts";
import { describeFailure } from "../failure.ts";
import type { Context } from "../verb.ts";

/** One session at the prompt: the channels added in it, and its output. */
export class Prompt {
  readonly call: Context["call"];
  /** The channels that were added in this session, by VM: adding them again adds none. */
  readonly added = new Map<string, Set<number>>();
  readonly #context: Pick<Context, "call" | "io" | "socket">;

  constructor(context: Pick<Context, "call" | "io" | "socket">) {
    this.#context = context;
    this.call = context.call;
  }

  /** Prints an answer in the words of DPDK's prompt. */
  say(line: string): void {
    this.#context.io.stdout.write(`${printable(line)}\n`);
  }

  /** Prints the reason, which DPDK's host writes to its log if at all. */
  explain(sentence: string): void {
    this.#context.io.stderr.write(`${printable(sentence)}\n`);
  }

  /** Does something and returns whether it succeeded; prints the reason if not. */
  async attempt(doing: () => Promise<unknown>): Promise<boolean> {
    try {
      await doing();
      return true;
    } catch (error) {
      this.explain(describeFailure(error, this.#context.socket).sentence);
      return false;
    }
  }

  /** Returns a VM that is served; undefined, with a message, if it is not. */
  async vm(name: string): Promise<Vm | undefined> {
    let found: Vm | undefined;
    await this.attempt(async () => {
      const { vm } = await this.call("ShowVm", { vm: name });
      // DPDK's host does not know a VM that was not added.
      if (!vm.added) throw new VarlinkError("io.vmpower.Control.NoSuchVm", { vm: name });
      found = vm;
    });
    return found;
  }
}
