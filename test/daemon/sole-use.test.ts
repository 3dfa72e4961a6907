import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { SoleUse } from "../../src/daemon/lifecycle/sole-use.ts";
import { lockDirectory } from "../../src/os/directory-lock.ts";
import { makeTestHost, QUICK_BEATS, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
let other: TestHost;
beforeEach(() => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n", env: QUICK_BEATS });
  other = makeTestHost();
});
afterEach(async () => {
  await host.remove();
  await other.remove();
});

const pidOf = (daemon: TestHost) => (daemon.ask("status") as { pid?: number }).pid;

describe("only one daemon uses a host", () => {
  test("whose CPUs it uses, by any path: the other daemon names that process", async () => {
    await host.start();
    symlinkSync(`${host.directory}/cpu`, `${other.directory}/alias`);
    other.configure(`[cpufreq]\nRoot=${other.directory}/alias\n`);
    const second = other.run("vm-power", "--config", other.configFile);
    expect([second.code, second.err]).toEqual([
      1,
      expect.stringContaining(
        `Another daemon (process ${pidOf(host)}) uses Root="${other.directory}/alias": ` +
          "stop that one, or set Root to another directory",
      ),
    ]);
  });

  test("whose channels it serves", async () => {
    await host.start();
    other.configure(`[channels]\nDirectory=${host.channels}\n`);
    const second = other.run("vm-power", "--config", other.configFile);
    expect([second.code, second.err]).toEqual([
      1,
      expect.stringContaining(`(process ${pidOf(host)}) uses Directory="${host.channels}"`),
    ]);
  });

  test("also if its runtime directory was removed", async () => {
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    await port.ask(scale(0, MIN), 464);
    rmSync(join(host.directory, "run"), { recursive: true });
    const second = host.run("vm-power", "--config", host.configFile);
    expect([second.code, second.err.includes("uses Root=")]).toEqual([1, true]);
    expect(host.tree.read(2, "scaling_setspeed")).toBe("1200000");
  });

  test("until it is killed; daemons with separate CPUs and channels run side by side", async () => {
    await host.start();
    await other.start();
    await host.end("SIGKILL");
    await host.start();
    expect(await host.end("SIGTERM")).toBe(0);
  });

  test("vm-power restore does not change its CPUs", async () => {
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    await port.ask(scale(0, MIN), 464);
    other.configure(`[cpufreq]\nRoot=${host.directory}/cpu\n`);
    const { code, err } = other.run("vm-power", "restore", "--config", other.configFile);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`Nothing is restored. Another daemon (process ${pidOf(host)}) uses Root=`),
    ]);
  });

  test("a dry run may run beside it", async () => {
    await host.start();
    other.configure(`[cpufreq]\nRoot=${host.directory}/cpu\nDryRun=yes\n`);
    await other.start();
  });

  test("a channel directory that is created later or again is locked", async () => {
    host.configure(`[vm web1]\nVcpus=2\n[channels]\nDirectory=${host.directory}/later\n`);
    await host.start();
    mkdirSync(join(host.directory, "later"), { mode: 0o750 });
    other.configure(`[channels]\nDirectory=${host.directory}/later\n`);
    const taken = () => {
      const locked = lockDirectory(`${host.directory}/later`);
      if (locked.ok) locked.value.release();
      return !locked.ok;
    };
    await until(taken);
    expect(other.run("vm-power", "--config", other.configFile).code).toBe(1);
  }, 20_000);
});

describe("SoleUse", () => {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
  const path = () => join(host.directory, "cpu");

  test("follows a directory that was replaced", () => {
    const [sole, second] = [new SoleUse(log), new SoleUse(log)];
    sole.claim({ key: "Root", path: path() });
    renameSync(path(), `${path()}.old`);
    mkdirSync(path());
    sole.renew();
    expect(() => second.claim({ key: "Root", path: path() })).toThrow(`(process ${process.pid})`);
    sole.close();
    second.claim({ key: "Root", path: path() });
    second.close();
  });

  test.skipIf(process.getuid?.() !== 0)(
    "starts although a user has locked a directory that he can read (skipped where it is not root)",
    async () => {
      chmodSync(host.directory, 0o755);
      const stranger = Bun.spawn(
        [
          "setpriv",
          "--reuid=65534",
          "--clear-groups",
          "flock",
          path(),
          "sh",
          "-c",
          "echo locked; exec sleep 60",
        ],
        { stdout: "pipe" },
      );
      await stranger.stdout.getReader().read();
      lines.length = 0;
      const sole = new SoleUse(log);
      sole.claim({ key: "Root", path: path() });
      sole.renew();
      expect(lines).toEqual([
        expect.stringMatching(
          /^Cannot find out whether another daemon uses Root=".*": process \d+ holds a lock on it/,
        ),
      ]);
      stranger.kill();
      await stranger.exited;
      sole.renew();
      expect(lockDirectory(path())).toEqual({ ok: false, why: "held" });
      sole.close();
    },
  );
});
