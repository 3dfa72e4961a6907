import type { Write } from "../base/clock.ts";
import type { ClockState } from "./claim.ts";
import { resolve } from "./resolve.ts";

/** No writes: what most decisions come to. */
export const NO_WRITES: readonly Write[] = [];

/** Writes for the clocks where something else should hold than does. */
export function settle(clocks: Iterable<ClockState>): readonly Write[] {
  let writes: Write[] | undefined;
  for (const state of clocks) {
    const { setting } = resolve(state);
    if (setting === state.setting) continue;
    state.setting = setting;
    state.yielded = false;
    writes ??= [];
    writes.push({ clock: state.clock.id, setting });
  }
  return writes ?? NO_WRITES;
}
