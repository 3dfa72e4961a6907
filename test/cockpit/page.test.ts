import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { NO_BROWSER, startBrowser } from "./browser.ts";
import { type OpenedPage, openPage, untilState } from "./opened-page.ts";
import { type Simulator, startSimulator } from "./simulator.ts";

const DIST = join(import.meta.dir, "../../dist/cockpit");

test("the page is smaller than 150 kB, with all that it needs", () => {
  const files = readdirSync(DIST).sort();
  expect(files).toEqual(["index.html", "manifest.json", "page.css", "page.js"]);
  const bytes = files.map((file) => statSync(join(DIST, file)).size);
  expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(150_000);
});

test("the page loads nothing but its own files and Cockpit's library", () => {
  const html = readFileSync(join(DIST, "index.html"), "utf8");
  expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, from]) => from)).toEqual([
    "page.css",
    "../base1/cockpit.js",
    "page.js",
  ]);
  expect(html).not.toMatch(/<style|style=|<script>|\son\w+=/);
});

describe.skipIf(NO_BROWSER !== undefined)(
  `the page of a simulated host (${NO_BROWSER ?? "in a browser"})`,
  () => {
    let browser: Browser;
    let simulator: Simulator;
    let opened: OpenedPage;

    beforeAll(async () => {
      [browser, simulator] = await Promise.all([startBrowser(), startSimulator()]);
    });
    afterEach(() => opened.close());
    afterAll(async () => {
      await browser.close();
      await simulator.stop();
    });

    async function open(options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
      opened = await openPage(browser, () => ({ path: simulator.monitorSocket }), options);
      await untilState(opened.page, "running");
      return opened.page;
    }

    test("it shows every CPU by its clock, every vCPU, and what happens", async () => {
      const page = await open();
      await page.locator("#event-list .request").first().waitFor();
      const clocks = await page
        .locator(".clock")
        .evaluateAll((all) =>
          all.map((clock) => [...clock.querySelectorAll(".number")].map((n) => n.textContent)),
        );
      expect(clocks).toEqual([["0"], ["1"], ["2"], ["3"], ["4", "5"], ["6"], ["7"]]);
      const rows = await page.locator("#vcpu-rows th").allTextContents();
      expect(rows).toEqual(["cache1:0", "db1:0", "nfv.edge:0", "nfv.edge:1", "web1:0", "web1:1"]);
      expect(await page.locator(".socket h3").allTextContents()).toEqual([
        expect.stringMatching(/^Socket 08 CPUsmean \d\.\d{3} GHz$/),
      ]);
      expect(opened.complaints).toEqual([]);
    });

    test("a click, or Enter, tells why; Escape closes that", async () => {
      const page = await open();
      await page.locator(".tile").nth(4).click();
      await page.locator("#why .facts", { hasText: "Rule" }).waitFor();
      expect(await page.locator("#why-title").textContent()).toBe("CPU 4");
      expect(await page.locator(".claimants li span:first-child").allTextContents()).toEqual([
        "db1:0",
        "cache1:0",
      ]);
      await page.keyboard.press("Escape");
      expect(await page.locator("#why").isVisible()).toBe(false);
      await page.locator("#vcpu-rows .name").first().focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.locator("#why .facts", { hasText: "Wants" }).waitFor();
      expect(await page.locator("#why-title").textContent()).toBe("db1:0");
      expect(opened.complaints).toEqual([]);
    });

    test("CPUs are one stop of Tab, and arrow keys move between them", async () => {
      const page = await open();
      const focused = () => page.evaluate('document.activeElement?.querySelector(".number")?.textContent');
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("0");
      for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft"]) await page.keyboard.press(key);
      expect(await focused()).toBe("1");
      await page.keyboard.press("End");
      expect(await focused()).toBe("7");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement?.id")).toBe("vcpu-filter");
    });

    test("a hidden page asks nothing and has no connection; shown again, it goes on", async () => {
      const page = await open();
      const show = (hidden: boolean) =>
        page.evaluate(`Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"))`);
      expect(opened.double.channels).toBe(2);
      await show(true);
      await untilState(page, "paused");
      while (opened.double.channels > 0) await Bun.sleep(20);
      await show(false);
      await untilState(page, "running");
      expect(opened.complaints).toEqual([]);
    });

    test.each([
      ["in the light", { colorScheme: "light" }],
      ["in the dark", { colorScheme: "dark" }],
      ["on a phone", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
    ] as const)("axe finds nothing %s", async (_where, options) => {
      const page = await open(options);
      await page.locator("#event-list .request").first().waitFor();
      await page.locator(".tile").nth(5).click();
      await page.locator("#why .facts", { hasText: "Rule" }).waitFor();
      const isDark = await page.evaluate('document.documentElement.classList.contains("pf-v6-theme-dark")');
      expect(isDark).toBe(options.colorScheme === "dark");
      // The policy of the page allows no foreign script; the browser's own tools are not bound by it.
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(),
      );
      expect(
        violations.map(({ id, nodes }) => [
          id,
          nodes.map(({ html, failureSummary }) => [html, failureSummary]),
        ]),
      ).toEqual([]);
      // Nothing is wider than the screen.
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    });
  },
);
