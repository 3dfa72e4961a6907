import type { Times } from "../admin/control-types.ts";
import { formatKhz } from "../base/format-khz.ts";
import { count, formatTime } from "../terminal/text.ts";

/** States that are named unless less room is told; the others are summed. */
const NAMED_MAX = 5;

/** Where the time of a clock or a VM went: `62 % at 2.300 GHz, 38 % at its original settings`. */
export function statesText({ states }: Pick<Times, "states">, namedMax = NAMED_MAX): string {
  const total = states.reduce((sum, { seconds }) => sum + seconds, 0);
  if (total <= 0) return "no time yet";
  const percent = (seconds: number) => {
    const part = (100 * seconds) / total;
    return part > 0 && part < 1 ? "<1 %" : `${Math.round(part)} %`;
  };
  const most = states.toSorted((a, b) => b.seconds - a.seconds);
  const named = most
    .slice(0, namedMax)
    .map(
      ({ khz, seconds }) =>
        `${percent(seconds)} at ${khz === undefined ? "original settings" : formatKhz(khz)}`,
    );
  const rest = most.slice(namedMax).reduce((sum, { seconds }) => sum + seconds, 0);
  return [...named, ...(rest > 0 ? [`${percent(rest)} at others`] : [])].join(", ");
}

/** How often the speed changed, and how many requests did not get what they asked for: `12 changes, 3 requests bounded`. */
export function changesText({ transitions, bounded, held, sinceMs }: Times): string {
  const kept = [
    ...(bounded > 0 ? [`${count(bounded, "request")} bounded`] : []),
    ...(held > 0 ? [`${count(held, "request")} held`] : []),
  ];
  return [`${count(transitions, "change")} since ${formatTime(sinceMs)}`, ...kept].join(", ");
}
