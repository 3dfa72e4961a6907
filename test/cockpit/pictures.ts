import { join } from "node:path";
import { startBrowser } from "./browser.ts";
import { openPage, untilState } from "./opened-page.ts";
import { startSimulator } from "./simulator.ts";

// Takes the pictures of the page for Cockpit that README.md shows, in the light and in the dark, from the simulator.

const IMAGES = join(import.meta.dir, "../../docs/images");

/** Until the plots are as long as they are at least. */
const PLAYED_MS = 6 * 60_000;

const [browser, simulator] = await Promise.all([startBrowser(), startSimulator(2 * (PLAYED_MS / 1000))]);
const reach = () => ({ path: simulator.monitorSocket });
const opened = await openPage(browser, reach, { colorScheme: "light" });
const { page } = opened;
await untilState(page, "running");
await Bun.sleep(PLAYED_MS);
// A vCPU that does not have what it asked for has most to tell.
await page.locator('.tile:has-text("▾")').first().click({ timeout: 60_000 });
await page.locator("#why .facts", { hasText: "Rule" }).waitFor();
await page.mouse.move(0, 0);
await Bun.sleep(1000);
for (const colorScheme of ["light", "dark"] as const) {
  await page.emulateMedia({ colorScheme });
  await page.screenshot({ path: join(IMAGES, `cockpit-${colorScheme}.png`) });
}
await opened.close();
await browser.close();
await simulator.stop();
