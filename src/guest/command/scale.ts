import type { Command } from "commander";
import { SCALE_ACTIONS } from "../../wire/packet.ts";
import type { Act } from "./context.ts";
import { complainOf, exitCodeOfAll, plain, vcpus } from "./results.ts";
import { forEach, vcpuList, vcpusFor } from "./vcpus.ts";

const SUMMARIES = {
  up: "One step faster",
  down: "One step slower",
  max: "The highest speed",
  min: "The lowest speed",
  turbo: "Enable turbo",
  "no-turbo": "Disable turbo",
} as const;

/** Commands `up`, `down`, `max`, `min`, `turbo`, `no-turbo`. */
export function addScaleCommands(program: Command, act: Act): void {
  for (const action of SCALE_ACTIONS) {
    program
      .command(action)
      .summary(SUMMARIES[action])
      .description(`${SUMMARIES[action]}, for the CPU under each vCPU.`)
      .argument("[vcpus]", "vCPUs like 0,2-5; by default those that have a port", vcpuList)
      .action((list: readonly number[] | undefined) =>
        act(async (context) => {
          const power = context.power({ keep: true });
          const results = await forEach(vcpusFor(list, power, context), power, (vcpu) =>
            power.scale(vcpu, action),
          );
          const done = results.filter(({ outcome }) => outcome.kind === "granted");
          context.show({ results: plain(results) }, () =>
            done.length === 0 ? "" : `${vcpus(done)}: ${action}`,
          );
          complainOf(results, context);
          return exitCodeOfAll(results);
        }),
      );
  }
}
