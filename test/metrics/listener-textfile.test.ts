import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { listenForScrapes } from "../../src/metrics/listener.ts";
import { startTextfile } from "../../src/metrics/textfile.ts";
import { until } from "../daemon/until.ts";

const lines: string[] = [];
const line = (text: string) => void lines.push(text);
const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe("listenForScrapes()", () => {
  const PORT = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${PORT}`;
  type Render = (format: "openmetrics" | "prometheus") => string | Promise<string>;
  function serve(
    text = "a 1\n",
    render: Render = (format) => (format === "openmetrics" ? `${text}# EOF\n` : text),
  ) {
    const listener = listenForScrapes({ at: { hostname: "127.0.0.1", port: PORT }, render });
    closers.push(() => listener.close());
  }

  test("replies in the requested format", async () => {
    serve();
    const plain = await fetch(`${url}/metrics?x=1`);
    expect([plain.status, plain.headers.get("content-type"), await plain.text()]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
      "a 1\n",
    ]);
    const open = await fetch(`${url}/metrics`, {
      headers: { accept: "application/openmetrics-text;version=1.0.0" },
    });
    expect([open.headers.get("content-type"), await open.text()]).toEqual([
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
      "a 1\n# EOF\n",
    ]);
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "4", ""]);
  });

  test("sends the whole text, however long it is", async () => {
    serve("b 2\n".repeat(1_000_000));
    expect((await (await fetch(`${url}/metrics`)).text()).length).toBe(4_000_000);
  });

  test("waits for a text that takes several turns, and ends the connection if there is none", async () => {
    const texts: PromiseWithResolvers<string>[] = [];
    serve("", () => {
      const text = Promise.withResolvers<string>();
      texts.push(text);
      return text.promise;
    });
    const [first, second] = [fetch(`${url}/metrics`), fetch(`${url}/metrics`)];
    await until(() => texts.length === 2);
    texts[1]?.reject(new Error("The daemon is stopping"));
    expect(
      await second.then(
        () => "answered",
        () => "ended",
      ),
    ).toBe("ended");
    texts[0]?.resolve("late 1\n");
    expect(await (await first).text()).toBe("late 1\n");
  });

  test("serves no other path, and ends a connection with an invalid request", async () => {
    serve();
    const status = async (path: string, init = {}) => (await fetch(`${url}${path}`, init)).status;
    expect([
      await status("/"),
      await status("/metrics/x"),
      await status("/metrics", { method: "POST" }),
    ]).toEqual([404, 404, 405]);
    const raw = async (bytes: string) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      let text = "";
      await Bun.connect({
        hostname: "127.0.0.1",
        port: PORT,
        socket: {
          open: (socket) => void socket.write(bytes),
          data: (_socket, chunk) => {
            text += chunk.toString();
          },
          close: () => resolve(text.split("\r\n")[0] ?? ""),
        },
      });
      return promise;
    };
    expect(await raw("hello\r\n\r\n")).toBe("HTTP/1.1 400 Bad Request");
    expect(await raw("a".repeat(9000))).toBe("HTTP/1.1 431 Request Header Fields Too Large");
  });
});

describe("startTextfile()", () => {
  test("writes complete files repeatedly, and removes the file at the end", async () => {
    const directory = mkdtempSync(join(tmpdir(), "vm-power-textfile-"));
    const path = join(directory, "vm-power.prom");
    let round = 0;
    const textfile = startTextfile({ path, intervalMs: 5, render: () => `round ${++round}\n`, log });
    expect(readFileSync(path, "utf8")).toBe("round 1\n");
    while (round < 3) await Bun.sleep(2);
    expect(readFileSync(path, "utf8")).toBe(`round ${round}\n`);
    expect(readdirSync(directory)).toEqual(["vm-power.prom"]);
    textfile.close();
    expect(existsSync(path)).toBe(false);
    rmSync(directory, { recursive: true });
  });

  test("logs a failure once", async () => {
    lines.length = 0;
    const textfile = startTextfile({ path: "/nowhere/x.prom", intervalMs: 2, render: () => "", log });
    await Bun.sleep(20);
    textfile.close();
    expect(lines).toEqual([
      'The metrics are not up to date. Cannot write "/nowhere/x.prom": no such file or directory; make the directory "/nowhere"',
    ]);
  });
});
