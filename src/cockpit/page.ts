import type { Exiting } from "../admin/control-types.ts";
import { backoffMs } from "../base/backoff.ts";
import { pause, runSession } from "./session.ts";
import { stateAfter } from "./state-text.ts";
import { followTheme } from "./theme.ts";
import { View } from "./view.ts";

/** How long to wait before the next try to connect. */
const BACKOFF = { firstMs: 1000, maxMs: 15_000 };

/** Shows the host for as long as the page is open. Nothing is asked, and no connection is open, while it is hidden. */
async function run(view: View): Promise<never> {
  let exiting: Exiting | undefined;
  for (let tries = 1; ; tries++) {
    await untilVisible();
    const looks = view.looks;
    const ending = await runSession(view);
    if (view.looks > looks) {
      tries = 1;
      exiting = undefined;
    }
    if (ending.kind === "exiting") exiting = ending.exiting;
    view.away(stateAfter(ending, exiting, tries));
    if (ending.kind !== "hidden") await pause(backoffMs(BACKOFF, tries));
  }
}

async function untilVisible(): Promise<void> {
  while (document.hidden) {
    const { promise, resolve } = Promise.withResolvers<void>();
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
    await promise;
  }
}

const view = new View();
followTheme(() => view.restyle());
void run(view);
