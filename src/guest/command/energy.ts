import type { Command } from "commander";
import { EXIT } from "../../terminal/exit-code.ts";
import type { OwnEnergy } from "../../wire/reply.ts";
import type { Act } from "./context.ts";
import { exitCodeOf } from "./results.ts";
import { carrierOf, using } from "./vcpus.ts";

/** Command `energy`. */
export function addEnergyCommand(program: Command, act: Act): void {
  program
    .command("energy")
    .summary("Show how many joules this VM has used")
    .description(
      "Show how many joules the host has counted for this VM. The difference of two answers is the energy of the time between.",
    )
    .action(() =>
      act(async (context) => {
        const power = context.power({ keep: true });
        const carrier = carrierOf(0, power, context);
        const outcome = await using(carrier, power, () => power.queryEnergy(carrier));
        if (outcome.kind === "granted") {
          context.show(outcome.value, () => energyText(outcome.value));
          return EXIT.ok;
        }
        const { kind, reason } = outcome;
        context.show({ kind, reason }, () => "");
        context.complain(reason);
        return exitCodeOf(outcome);
      }),
    );
}

function energyText({ joules, second, metered }: OwnEnergy): string {
  const how = metered ? "by the host's power meter" : "estimated, because the host has no power meter";
  return `${joules.toLocaleString("en")} J up to ${new Date(second * 1000).toISOString()}, ${how}`;
}
