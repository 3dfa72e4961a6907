import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { METHODS, type MethodName } from "../../src/admin/control.ts";
import { NO_BROWSER, startBrowser } from "./browser.ts";
import type { Reached } from "./double.ts";
import { type OpenedPage, openPage, untilState } from "./opened-page.ts";
import { type PlayedDaemon, playDaemon, playedCpu, playedHost, playedVcpu } from "./played-daemon.ts";

/** A name that would be markup, and one that would turn the text around that follows it. */
const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
const TURNED = "web\u202e1";

const HOST = playedHost(
  [playedCpu(0, 2_000_000, { vcpus: ["web1:0"] }), playedCpu(1, 1_000_000)],
  [playedVcpu("web1", 0)],
);

const RESTART = { reason: "restart", detail: "a restart", onExit: "restore", cpus: [0], failed: [] };

describe.skipIf(NO_BROWSER !== undefined)(
  `the page of a played daemon (${NO_BROWSER ?? "in a browser"})`,
  () => {
    let browser: Browser;
    let daemon: PlayedDaemon;
    let opened: OpenedPage | undefined;

    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(() => browser.close());
    beforeEach(() => {
      daemon = playDaemon(HOST);
    });
    afterEach(async () => {
      await opened?.close();
      daemon.stop();
    });

    async function open(reach: (unix: string) => Reached = () => ({ path: daemon.path })): Promise<Page> {
      opened = await openPage(browser, reach);
      return opened.page;
    }

    /** The daemon says that it ends, and does so. */
    function end(exiting: object): void {
      daemon.tell({ atMs: 1, kind: "exiting", message: "exiting", exiting });
      daemon.stop();
    }

    const wrong = async (page: Page) => {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
    };

    test("it connects to the monitor socket, and calls nothing that changes anything", async () => {
      const paths: string[] = [];
      const page = await open((unix) => {
        paths.push(unix);
        return { path: daemon.path };
      });
      await untilState(page, "running");
      for (const subject of [".tile", "#vcpu-rows .name"]) await page.locator(subject).first().click();
      await page.locator("#why .facts").first().waitFor();
      expect([...new Set(paths)]).toEqual(["/run/vm-power/monitor.sock"]);
      const names = [...new Set(daemon.calls)].map(
        (method) => /^io\.vmpower\.Monitor\.(\w+)$/.exec(method)?.[1],
      );
      expect(names).toContain("Explain");
      expect(names).toContain("ExplainVcpu");
      expect(names.filter((name) => METHODS[name as MethodName]?.mutates !== false)).toEqual([]);
    });

    test("whatever a VM is called, its name is text", async () => {
      const names = [MARKUP, TURNED];
      const event = { atMs: 1, kind: "vm", message: `${MARKUP} started`, vm: MARKUP };
      daemon.replies = {
        ...playedHost(
          names.map((vm, pcpu) => playedCpu(pcpu, 2_000_000, { vcpus: [`${vm}:0`], reason: MARKUP })),
          names.map((vm) => playedVcpu(vm, 0, { state: MARKUP, bound: MARKUP, asked: MARKUP })),
          { configProblem: MARKUP, version: MARKUP },
        ),
        GetHistory: { parameters: { events: [event], omitted: 0 } },
        ExplainVcpu: { error: "io.vmpower.Monitor.Refused", parameters: { reason: MARKUP, remedy: MARKUP } },
      };
      const page = await open();
      await untilState(page, "running");
      await page.locator("#vcpu-rows .name").first().click();
      await page.locator("#why-body", { hasText: MARKUP }).waitFor();
      daemon.tell({ ...event, kind: "drift" });
      await page.locator("#event-list .drift").waitFor();
      expect(await page.locator("#vcpu-rows .name").allTextContents()).toEqual([
        `${MARKUP}:0`,
        "web\\u{202e}1:0",
      ]);
      expect(await page.locator(".tile").first().getAttribute("title")).toContain(`; ${MARKUP}:0`);
      expect(await page.locator("#troubles").textContent()).toContain(MARKUP);
      expect(await page.locator("main img, main script").count()).toBe(0);
      expect(await page.title()).toBe("CPU power of VMs");
      expect(opened?.complaints).toEqual([]);
    });

    test("a restart is shown as one, and the page connects again by itself", async () => {
      const page = await open();
      await untilState(page, "running");
      end(RESTART);
      await untilState(page, "restarting…");
      expect(await page.locator("#troubles").textContent()).toBe(
        "vm-power is restarting (a restart). CPU 0 stays as it is.",
      );
      expect(await wrong(page)).toEqual([]);
      // It looks for the next daemon meanwhile, and goes on saying that it restarts.
      await Bun.sleep(1500);
      await untilState(page, "restarting…");
      daemon = playDaemon(HOST, daemon.path);
      await untilState(page, "running");
      expect(await page.locator("#troubles").isVisible()).toBe(false);
      expect(await page.locator(".tile").count()).toBe(2);
    });

    test.each([
      [
        "stop",
        "stopped",
        "vm-power stopped (SIGTERM). CPU 0 has its original settings again.systemctl start vm-power",
      ],
      [
        "fault",
        "stopped by a fault",
        "A fault ended vm-power (SIGTERM). CPU 0 has its original settings again.journalctl -u vm-power",
      ],
    ])("a daemon that ends because of a %s says how it left the CPUs", async (reason, word, said) => {
      const page = await open();
      await untilState(page, "running");
      end({ ...RESTART, reason, detail: "SIGTERM" });
      await untilState(page, word);
      expect(await page.locator("#troubles").textContent()).toBe(said);
    });

    test.each([
      [
        "not-found",
        "RuntimeDirectory= without MonitorSocket=/run/vm-power/monitor.sock",
        "systemctl start vm-power",
      ],
      ["access-denied", "You may not look at vm-power", "usermod -aG vm-power-monitor"],
      ["terminated", "it does not run, or you may not look at it", "usermod -aG vm-power-monitor"],
    ])(
      "without a connection, for the bridge's word %s, it says what to do",
      async (problem, what, remedy) => {
        const page = await open(() => ({ problem }));
        await untilState(page, "not reachable");
        expect(await page.locator("#troubles li").textContent()).toContain(what);
        expect(await page.locator("#troubles code").textContent()).toContain(remedy);
        expect(await wrong(page)).toEqual([]);
      },
    );

    test("an answer of another kind is told, and a later one is shown", async () => {
      daemon.replies = { ...HOST, ListCpus: { parameters: { cpus: 7 } } };
      const page = await open();
      await untilState(page, "not understood");
      expect(await page.locator("#troubles code").textContent()).toContain("need the same version");
      daemon.replies = HOST;
      await untilState(page, "running");
      expect(opened?.complaints).toEqual([]);
    });

    test("a daemon that refuses the page says why", async () => {
      const parameters = { reason: "There are 8 clients of uid 1000 already" };
      daemon.replies = { ...HOST, GetHistory: { error: "io.vmpower.Monitor.Refused", parameters } };
      const page = await open();
      await untilState(page, "refused");
      expect(await page.locator("#troubles").textContent()).toBe("There are 8 clients of uid 1000 already");
    });

    test("problems are on top, each with its remedy", async () => {
      const channel = { vm: "web1", number: 0, path: "/tmp/powermonitor/web1.0", status: "refused" };
      daemon.replies = {
        ...playedHost([playedCpu(0, 2_000_000)], [], { channelsRefused: 1, channels: 1, dryRun: true }),
        ListChannels: { parameters: { channels: [{ ...channel, reason: "not a socket", remedy: "rm it" }] } },
      };
      const page = await open();
      await untilState(page, "running");
      expect(await page.locator("#troubles li").allTextContents()).toEqual([
        "This is a dry run: no CPU is changedDryRun=no in [cpufreq], and a restart",
        "Channel web1:0 is refused: not a socketrm it",
      ]);
      expect(await wrong(page)).toEqual([]);
    });
  },
);
