import type { Load } from "../../admin/control-types.ts";
import type { Screen, Style } from "../../terminal/io.ts";
import { describeFailure } from "../failure.ts";
import { helpLines } from "./help.ts";
import { KEYS_HELP, type Look, pressed } from "./keys.ts";
import { chosenRows, type Moment, momentOf } from "./rows.ts";
import { drawMoment, roomFor } from "./view.ts";

/** What a live view needs. */
export interface LiveOptions {
  readonly screen: Screen;
  readonly style: Style;
  readonly look: Look;
  readonly intervalMs: number;
  /** The daemon's first reply. */
  readonly first: Load;
  /** Asks the daemon again. After a failure, the next call makes a new connection. */
  readonly load: () => Promise<Load>;
  readonly socket: string;
}

/** Shows the live view until a key ends it. */
export async function runLive(options: LiveOptions): Promise<void> {
  const { screen, style, intervalMs, first, load, socket } = options;
  let { look } = options;
  let last = first;
  let moment: Moment = momentOf(first, undefined);
  let trouble: string | undefined;
  // Rates need two replies, so the second one is requested early.
  let nextLookMs = performance.now() + Math.min(intervalMs, 500);

  while (!look.over) {
    const { columns, rows } = screen.size;
    const foot = look.typing ? `filter: ${look.filter}_` : (trouble ?? KEYS_HELP);
    const frame = { choice: look, style, columns, rows, offset: look.offset, foot };
    screen.draw(look.help ? helpLines(style).slice(0, rows) : drawMoment(moment, frame));
    const key = await screen.next(nextLookMs - performance.now());
    if (key !== undefined) {
      const chosen = chosenRows(moment.rows, look).length;
      look = pressed(look, key, { page: roomFor(rows), rows: chosen });
      continue;
    }
    try {
      const now = await load();
      moment = momentOf(now, last);
      last = now;
      trouble = undefined;
    } catch (error) {
      trouble = describeFailure(error, socket).sentence;
    }
    nextLookMs = performance.now() + intervalMs;
  }
}
