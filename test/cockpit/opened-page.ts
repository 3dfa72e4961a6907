import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Double, type Reached, serveDouble } from "./double.ts";

/** The page in a browser, through a double of Cockpit. */
export interface OpenedPage {
  readonly page: Page;
  readonly double: Double;
  /** What went wrong in the browser: exceptions, and what the policy or the console told. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** How long the page may take to show something, in ms. */
const SHOWN_MS = 15_000;

/** Opens the page. `reach` says what is behind its channels. */
export async function openPage(
  browser: Browser,
  reach: (unix: string) => Reached,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const double = serveDouble(reach);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(SHOWN_MS);
  const complaints: string[] = [];
  page.on("console", (message) => {
    // Fonts are there where Cockpit is installed.
    if (!message.location().url.includes("/static/fonts/")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`${error}`));
  await page.goto(double.url);
  return {
    page,
    double,
    complaints,
    async close() {
      await context.close();
      await double.stop();
    },
  };
}

/** Waits until the page says so about the daemon. */
export async function untilState(page: Page, word: string): Promise<void> {
  await page.locator("#state", { hasText: word }).waitFor();
}
