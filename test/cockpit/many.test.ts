import { expect, test } from "bun:test";
import { NO_BROWSER, startBrowser } from "./browser.ts";
import { openPage, untilState } from "./opened-page.ts";
import { playDaemon, playedCpu, playedHost, playedVcpu } from "./played-daemon.ts";

const CPUS = 300;
const VMS = 500;

/** 300 CPUs in four sockets, two to a clock, and 500 VMs with two vCPUs. `fast` runs at another speed, for its vCPU. */
function manyOf(fast: number | undefined) {
  const khzOf = (cpu: number) => (cpu === fast ? 3_000_000 : 1_000_000 + (cpu % 8) * 100_000);
  const cpus = Array.from({ length: CPUS }, (_, cpu) =>
    playedCpu(cpu, khzOf(cpu), {
      socket: Math.floor(cpu / (CPUS / 4)),
      clock: cpu % 2 === 0 ? [cpu, cpu + 1] : [cpu - 1, cpu],
      vcpus: [`vm${cpu}:0`],
    }),
  );
  const vcpus = Array.from({ length: VMS }, (_, vm) =>
    [0, 1].map((vcpu) => {
      const khz = khzOf(vcpu === 0 ? vm : VMS);
      return playedVcpu(`vm${vm}`, vcpu, { pcpus: [vm % CPUS], grantedKhz: khz, actualKhz: khz });
    }),
  ).flat();
  return playedHost(cpus, vcpus);
}

/** Notes every change of the CPUs and vCPUs, by the tile, the row or the heading in which it is. */
const WATCH = `
  globalThis.changed = new Set();
  const watch = new MutationObserver((all) => {
    for (const { target } of all) {
      const node = target.closest?.(".tile, tr, h3") ?? target.parentElement.closest(".tile, tr, h3");
      changed.add(node?.querySelector(".number, .name")?.textContent ?? node?.textContent ?? "elsewhere");
    }
  });
  for (const part of document.querySelectorAll("#cpu-map, #vcpu-rows"))
    watch.observe(part, { subtree: true, childList: true, characterData: true, attributes: true });`;

test.skipIf(NO_BROWSER !== undefined)(
  `of 300 CPUs and 500 VMs only what changed is drawn again (${NO_BROWSER ?? "in a browser"})`,
  async () => {
    const daemon = playDaemon(manyOf(undefined));
    const browser = await startBrowser();
    const opened = await openPage(browser, () => ({ path: daemon.path }));
    try {
      const { page, complaints } = opened;
      await untilState(page, "running");
      expect(await page.locator(".tile").count()).toBe(CPUS);
      expect(await page.locator("#vcpu-rows tr").count()).toBe(200);
      await page.locator("#vcpu-more").click();
      expect(await page.locator("#vcpu-rows tr").count()).toBe(2 * VMS);
      await page.locator("#vcpu-filter").fill("vm17");
      expect(await page.locator("#vcpu-rows tr").count()).toBe(22);
      // What is known since the first look is drawn with the second.
      await page.locator("#vcpu-rows .watts", { hasText: "1.5" }).first().waitFor();
      await page.evaluate(WATCH);
      daemon.replies = manyOf(17);
      await page.locator('.tile:has-text("3.000")').waitFor();
      // The mean of its socket changes too.
      const changed = await page.evaluate<string[]>("[...changed]");
      expect(changed.sort()).toEqual(["17", "Socket 075 CPUsmean 1.365 GHz", "vm17:0"]);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await opened.double.stop();
      daemon.stop();
    }
  },
);
