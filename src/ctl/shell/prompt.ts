import { VarlinkError } from "../../admin/client-error.ts";
import type { Vm } from "../../admin/control-types.ts";
import { printable } from "../../terminal/text.ts";
import { describeFailure } from "../failure.ts";
import type { Context } from "../verb.ts";

/** One session at the prompt: what was added so far, and where answers go. */
export class Prompt {
  readonly call: Context["call"];
  /** The channels that were added here, by VM: adding them again adds none. */
  readonly added = new Map<string, Set<number>>();
  readonly #context: Pick<Context, "call" | "io" | "socket">;

  constructor(context: Pick<Context, "call" | "io" | "socket">) {
    this.#context = context;
    this.call = context.call;
  }

  /** The answer: the peer's words. */
  say(line: string): void {
    this.#context.io.stdout.write(`${printable(line)}\n`);
  }

  /** The reason, which the peer writes to its log, if at all. */
  explain(sentence: string): void {
    this.#context.io.stderr.write(`${printable(sentence)}\n`);
  }

  /** Does something and answers whether it was done; why not is told. */
  async attempt(doing: () => Promise<unknown>): Promise<boolean> {
    try {
      await doing();
      return true;
    } catch (error) {
      this.explain(describeFailure(error, this.#context.socket).sentence);
      return false;
    }
  }

  /** A VM that is served; undefined, and told, when it is not. */
  async vm(name: string): Promise<Vm | undefined> {
    let found: Vm | undefined;
    await this.attempt(async () => {
      const { vm } = await this.call("ShowVm", { vm: name });
      // The peer does not know a VM that was not added.
      if (!vm.added) throw new VarlinkError("io.vmpower.Control.NoSuchVm", { vm: name });
      found = vm;
    });
    return found;
  }
}
