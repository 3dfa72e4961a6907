import { type Browser, chromium } from "playwright-core";

/** Programs that drive pages without a screen, by the names of Debian and of others. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

const PROGRAM = NAMES.flatMap((name) => Bun.which(name) ?? [])[0];

/** Why there is no browser; undefined if there is one. */
export const NO_BROWSER = PROGRAM === undefined ? `needs one of ${NAMES.join(", ")}` : undefined;

/** Starts the browser. In a container, and as root, it has no sandbox of its own; it opens only our own page. */
export function startBrowser(): Promise<Browser> {
  if (PROGRAM === undefined) throw new Error("There is no browser");
  return chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
