import { type Control, ControlError } from "../../admin/control.ts";
import type { Asker as AskerView, Fifo } from "../../admin/control-types.ts";
import type { Asker } from "../apps/asker.ts";
import { wantsOf } from "../apps/requests.ts";
import type { Parts } from "../parts.ts";
import { eachStep, type Job } from "./loop-slices.ts";

/** The methods about applications of the host. */
export function askerOrders(parts: () => Parts): Pick<Control, "ListAskers" | "EndAsker"> {
  return {
    ListAskers: () => parts().slices.run(listAskers(parts())),
    EndAsker({ asker: name }, caller) {
      const { acts, askers } = parts();
      const asker = askers.all.get(name);
      if (asker === undefined)
        throw new ControlError("Refused", {
          reason: `No application "${name}" has asked`,
          remedy: "vmpowerctl apps lists those that have",
        });
      askers.end(asker);
      asker.rate.release();
      acts.report(caller, `ended what ${name} wants`);
      return {};
    },
  };
}

function* listAskers(parts: Parts): Job<{ askers: AskerView[]; fifos: Fifo[] | undefined }> {
  const all = [...parts.askers.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const askers = yield* eachStep(all, (asker) => askerView(asker, parts));
  const found = parts.fifos.list();
  const fifos =
    found && (yield* eachStep(found, ({ cpu, path, objection }) => ({ cpu, path, ...objection })));
  return { askers, fifos };
}

function askerView(asker: Asker, { arbiter, time }: Parts): AskerView {
  const { name, app, counters, rate } = asker;
  const { monoMs } = time();
  const held = rate.quarantine(monoMs);
  return {
    ...{ name, app: app.name, ...counters },
    quarantinedForMs: held && Math.ceil(held.untilMs - monoMs),
    wants: wantsOf(asker, arbiter, time),
  };
}
