import { describe, expect, test } from "bun:test";
import { until } from "./recorder.ts";
import { XenStage } from "./xen-stage.ts";

describe("openXen()", () => {
  test("a xenstored that refuses a watch is no source of events, and is tried again", async () => {
    await using stage = new XenStage();
    stage.store.refused = "ENOSPC";
    const follower = stage.follow();
    await until(() => follower.status().problem !== undefined);
    expect(follower.status().problem).toBe(
      `xenstored does not report changes of @introduceDomain: ENOSPC, at "${stage.store.path}"`,
    );
    stage.store.refused = undefined;
    await stage.told("ready");
  });

  test("keeps what it knows while xenstored is away, and says so", async () => {
    await using stage = new XenStage();
    stage.boot(5, "web1", { pins: [[1]] });
    const follower = await stage.followed();
    stage.recorder.news();
    stage.store.stop();
    await until(() => follower.status().state === "unreachable");
    await until(() => follower.status().problem?.includes("nobody listens") === true);
    expect(follower.status().problem).toBe(
      `xenstored is not running, or not in dom0 (nobody listens at "${stage.store.path}"): systemctl start xenstored`,
    );
    expect(stage.recorder.news()).toEqual([]);
    stage.destroy(5);
    stage.store.start();
    expect(await stage.told("Domain-0 running: unknown")).toEqual([
      "web1 gone: destroyed",
      "Domain-0 running: unknown",
    ]);
    await until(() => follower.status().state === "connected");
  });

  test("a xenstored that hangs, or sends what is no message, loses the connection", async () => {
    await using stage = new XenStage();
    stage.boot(5, "web1", { pins: [[1]] });
    const follower = await stage.followed({ timeoutMs: 30, namesMs: 10 });
    stage.recorder.news();
    stage.store.hangs = true;
    await until(() => follower.status().problem?.startsWith("xenstored does not answer, at") === true);
    stage.store.hangs = false;
    await until(() => follower.status().state === "connected");
    stage.store.send(new Uint8Array(16).fill(0xff));
    await until(
      () => follower.status().problem?.startsWith("xenstored sent a message that is too long") === true,
    );
    await until(() => follower.status().state === "connected");
    expect(stage.recorder.news().filter((line) => line.includes("gone"))).toEqual([]);
  });
});
