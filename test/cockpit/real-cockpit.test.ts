import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_BROWSER, startBrowser } from "./browser.ts";
import { untilState } from "./opened-page.ts";
import { startSimulator } from "./simulator.ts";

const SERVER = ["/usr/lib/cockpit/cockpit-ws", "/usr/libexec/cockpit-ws"].find((path) => existsSync(path));
const BRIDGE = Bun.which("cockpit-bridge");

/** Why the real thing cannot be tried here; undefined if it can. */
const missing =
  NO_BROWSER ??
  (SERVER === undefined || BRIDGE === null
    ? "needs cockpit-ws and cockpit-bridge"
    : process.getuid?.() !== 0
      ? "needs root, for a /run of its own"
      : undefined);

/** What nobody listens on now. */
function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port = 0 } = server;
  void server.stop(true);
  return port;
}

/** Starts Cockpit for one session, in which the page is installed and the daemon is that of the simulator. */
function startCockpit(directory: string, monitorSocket: string, port: number): Bun.Subprocess {
  mkdirSync(join(directory, "cockpit"), { recursive: true });
  symlinkSync(join(import.meta.dir, "../../dist/cockpit"), join(directory, "cockpit/vm-power"));
  // With a /run of its own the daemon's socket is where the page looks for it, whatever runs on this host.
  const script = `mount -t tmpfs none /run && mkdir /run/vm-power && ln -s "$1" /run/vm-power/monitor.sock &&
    exec "$2" --local-session="$3" --no-tls --address=127.0.0.1 --port="$4"`;
  return Bun.spawn(
    ["unshare", "--mount", "sh", "-c", script, "sh", monitorSocket, `${SERVER}`, `${BRIDGE}`, `${port}`],
    { env: { ...process.env, XDG_DATA_HOME: directory }, stdio: ["ignore", "ignore", "ignore"] },
  );
}

/** Waits until somebody answers, whatever that is: Cockpit alone has no page at its root. */
async function untilServed(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isServed = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isServed) return;
    await Bun.sleep(100);
  }
  throw new Error(`Nothing serves ${url}`);
}

test.skipIf(missing !== undefined)(
  `in a real Cockpit the page shows the host, as it happens (${missing ?? "cockpit-ws, cockpit-bridge and a browser"})`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "vm-power-cockpit-"));
    const [browser, simulator] = await Promise.all([startBrowser(), startSimulator()]);
    const port = freePort();
    const cockpit = startCockpit(directory, simulator.monitorSocket, port);
    try {
      await untilServed(`http://127.0.0.1:${port}/`);
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(`${error}`));
      await page.goto(`http://127.0.0.1:${port}/cockpit/@localhost/vm-power/index.html`);
      await untilState(page, "running");
      expect(await page.locator(".tile").count()).toBe(8);
      await page.locator("#event-list .request").first().waitFor();
      await page.locator(".tile").nth(2).click();
      await page.locator("#why .facts", { hasText: "Rule" }).waitFor();
      await simulator.stop();
      await untilState(page, "stopped");
      expect(await page.locator("#troubles code").textContent()).toBe("systemctl start vm-power");
      await page.reload();
      await untilState(page, "not reachable");
      expect(await page.locator("#troubles").textContent()).toContain("vm-power is not running");
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      cockpit.kill();
      await Promise.all([cockpit.exited, simulator.stop()]);
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
