import type { Channel, Fifo } from "../admin/control-types.ts";
import { printable } from "../terminal/text.ts";

/** A fault and its remedy; both are safe to show. */
export interface Trouble {
  readonly what: string;
  readonly remedy: string | undefined;
}

/** The most channels with the same fault that are named. */
const NAMED_MAX = 3;

/** Why channels are not served or not heard. Channels with the same reason share one entry. */
export function refusedChannels(channels: readonly Channel[]): Trouble[] {
  const refused = channels.filter((each) => each.status === "refused" || isQuarantined(each));
  const alike = Map.groupBy(refused, ({ reason, remedy }) => JSON.stringify([reason, remedy]));
  return [...alike.values()].map((same) => {
    const [first] = same;
    const { reason = "no reason given", remedy } = first ?? {};
    return {
      what: `${namesOf(same)} ${first !== undefined && isQuarantined(first) ? "not heard" : "refused"}: ${printable(reason)}`,
      remedy: remedy === undefined ? undefined : printable(remedy),
    };
  });
}

/** Why FIFOs are not read. */
export function refusedFifos(fifos: readonly Fifo[]): Trouble[] {
  return fifos.flatMap(({ path, reason, remedy }) =>
    reason === undefined
      ? []
      : [
          {
            what: `"${printable(path)}" is not read: it ${printable(reason)}`,
            remedy: remedy === undefined ? undefined : printable(remedy),
          },
        ],
  );
}

/** Whether a channel is served, but its requests are refused for a while. */
export function isQuarantined({ quarantinedForMs }: Channel): boolean {
  return quarantinedForMs !== undefined;
}

function namesOf(channels: readonly Channel[]): string {
  const names = channels.slice(0, NAMED_MAX).map(({ vm, number }) => `${printable(vm)}:${number}`);
  if (channels.length === 1) return `Channel ${names[0]} is`;
  const more = channels.length > NAMED_MAX ? ` and ${channels.length - NAMED_MAX} more` : "";
  return `${channels.length} channels (${names.join(", ")}${more}) are`;
}
