import { expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { startPort } from "../daemon/port.ts";
import { until } from "../daemon/until.ts";
import { testChannels } from "./host.ts";

/** The root of this process, by the kernel's link: every path below it is judged as one of another root. */
const ROOT = `/proc/${process.pid}/root`;

test("a socket below the root of another process is served, however long its path is and whatever links are in it", async () => {
  using host = testChannels();
  const long = `${host.directory}.${"d".repeat(60)}/${"e".repeat(60)}`;
  mkdirSync(long, { recursive: true });
  symlinkSync(long, host.path("link"));
  const port = startPort(`${host.path("link")}/a`);
  host.channels.scan();
  host.channels.state("web1", new Map([[`${ROOT}${port.path}`, 0]]));
  await port.ready();
  port.send(Buffer.alloc(456));
  await until(() => host.changes.includes("web1.0 connected"));
  const [channel] = host.channels.of("web1");
  expect([channel?.status, channel?.path]).toEqual(["connected", `${ROOT}${port.path}`]);
  port.close();
  rmSync(long, { recursive: true });
});

test("a link in the place of a socket below another root is refused", () => {
  using host = testChannels();
  const port = startPort(host.path("real"));
  symlinkSync(host.path("real"), host.path("a"));
  host.channels.scan();
  host.channels.state("web1", new Map([[`${ROOT}${host.path("a")}`, 0]]));
  expect(host.channels.of("web1")[0]?.objection?.reason).toBe("it is a symbolic link");
  port.close();
});
