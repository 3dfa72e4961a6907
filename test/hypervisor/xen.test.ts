import { describe, expect, test } from "bun:test";
import { FLAG } from "../xen/played-domains.ts";
import { until } from "./recorder.ts";
import { XenStage } from "./xen-stage.ts";

const WEB = "/tmp/powermonitor/web1.0";
const REBOOT = 1;
const SUSPEND = 2;
const CRASH = 3;

describe("openXen()", () => {
  test("reports all domains with their pins, as far as the pool has these CPUs, and their channels", async () => {
    await using stage = new XenStage();
    stage.xen.pools.set(1, [2, 3]);
    const web = stage.boot(5, "web1", {
      pins: [[1], [2, 3], [3]],
      channels: [WEB, "/tmp/powermonitor/web1.1"],
    });
    web.pool = 1;
    (web.vcpus[2] as { online: boolean }).online = false;
    const follower = await stage.followed();
    expect(stage.recorder.news()).toEqual(["Domain-0 running: unknown", "web1 running: unknown", "ready"]);
    expect([...stage.recorder.domains.values()]).toEqual([
      {
        name: "Domain-0",
        uuid: "0".repeat(32),
        run: `${"0".repeat(32)}:0`,
        state: "running",
        origin: "unknown",
        pins: [[0, 1, 2, 3]],
        channels: new Map(),
      },
      {
        name: "web1",
        uuid: `${"a".repeat(31)}5`,
        run: `${"a".repeat(31)}5:5`,
        state: "running",
        origin: "unknown",
        pins: [[], [2, 3], []],
        channels: new Map([
          [WEB, 0],
          ["/tmp/powermonitor/web1.1", 1],
        ]),
      },
    ]);
    expect(follower.status()).toEqual({
      driver: "xen",
      uri: "xen",
      state: "connected",
      problem: undefined,
      domains: 2,
    });
  });

  test("a vCPU in a pool that is being removed runs nowhere, not in the next pool", async () => {
    await using stage = new XenStage();
    stage.xen.pools.set(2, [1, 2]);
    stage.boot(5, "web1", { pins: [[1, 2, 3]] }).pool = 1;
    await stage.followed();
    expect(stage.recorder.domains.get("web1")?.pins).toEqual([[]]);
  });

  test("follows a domain from its building on, by events of xenstored", async () => {
    await using stage = new XenStage();
    await stage.followed({ beatMs: 60_000 });
    stage.recorder.news();
    const web = stage.boot(7, "web1", { pins: [[1]], flags: FLAG.paused });
    expect(await stage.told("web1 paused: paused-until-start")).toEqual(["web1 paused: paused-until-start"]);
    stage.channel(7, 1, WEB);
    await until(() => stage.recorder.domains.get("web1")?.channels?.has(WEB) === true);
    web.flags = 0;
    await stage.told("web1 running: booted");
    web.flags = FLAG.paused;
    stage.store.fire("/vm");
    await stage.told("web1 paused: paused");
    web.flags = FLAG.blocked;
    await stage.told("web1 running: resumed");
    stage.destroy(7);
    expect(await stage.told("web1 gone: destroyed")).toEqual(["web1 gone: destroyed"]);
  });

  test.each([
    [0, "shut-down"],
    [REBOOT, "rebooted"],
    [SUSPEND, "saved"],
    [CRASH, "crashed"],
    [4, "crashed"],
  ])(
    "shutdown code %d means that it is gone: %s, even if the domain is destroyed at once",
    async (code, ending) => {
      await using stage = new XenStage();
      stage.boot(7, "web1", { pins: [[1]] });
      await stage.followed({ beatMs: 60_000, settleMs: 50 });
      stage.recorder.news();
      stage.shutDown(7, code);
      await Bun.sleep(10);
      stage.destroy(7);
      expect(await stage.told(`web1 gone: ${ending}`)).toEqual([`web1 gone: ${ending}`]);
    },
  );

  test("a domain that is saved is paused, and runs on if that is cancelled", async () => {
    await using stage = new XenStage();
    const web = stage.boot(7, "web1", { pins: [[1]] });
    await stage.followed({ beatMs: 60_000 });
    stage.recorder.news();
    stage.shutDown(7, SUSPEND);
    await stage.told("web1 paused: paused-to-save");
    web.flags = 0;
    stage.store.fire("@introduceDomain");
    await stage.told("web1 running: unknown");
    stage.destroy(7);
    await stage.told("web1 gone: destroyed");
  });

  test("finds a pin that was changed at the next beat, and at once when it is told to look again", async () => {
    await using stage = new XenStage();
    const web = stage.boot(7, "web1", { pins: [[1]] });
    const follower = await stage.followed({ beatMs: 60_000 });
    await Bun.sleep(100);
    web.vcpus = [{ online: true, pins: [3] }];
    follower.lookAgain("web1");
    expect(stage.recorder.domains.get("web1")?.pins).toEqual([[1]]);
    await until(() => stage.recorder.domains.get("web1")?.pins[0]?.[0] === 3, undefined, 1000);
    await follower.close();
    await stage.followed({ beatMs: 20 });
    web.vcpus = [{ online: true, pins: [2] }];
    await until(() => stage.recorder.domains.get("web1")?.pins[0]?.[0] === 2, undefined, 1000);
  });

  test("looks at a domain when its guest asks, once in an interval and in a later turn", async () => {
    await using stage = new XenStage();
    const web = stage.boot(7, "web1", { pins: [[1]] });
    const follower = await stage.followed({ beatMs: 60_000, askedMs: 60_000 });
    // Every watch begins with an event, after which everything is looked at once more.
    await Bun.sleep(100);
    web.vcpus = [{ online: true, pins: [3] }];
    follower.asked?.("web1");
    expect(stage.recorder.domains.get("web1")?.pins).toEqual([[1]]);
    await until(() => stage.recorder.domains.get("web1")?.pins[0]?.[0] === 3, undefined, 1000);
    web.vcpus = [{ online: true, pins: [2] }];
    for (let i = 0; i < 100; i++) follower.asked?.("web1");
    await Bun.sleep(5);
    expect(stage.recorder.domains.get("web1")?.pins).toEqual([[3]]);
  });

  test("a domain that is migrated has no name of its own until it has come, and none when it has left", async () => {
    await using stage = new XenStage();
    await stage.followed();
    stage.recorder.news();
    const uuid = "c".repeat(32);
    stage.boot(8, "web1--incoming", { pins: [[1]], uuid });
    await until(() => stage.store.asked.includes("read /local/domain/8/name"));
    stage.store.write("/local/domain/8/name", "web1", ["n0", "r8"]);
    stage.store.fire("/vm/cccccccc-cccc-cccc-cccc-cccccccccccc/name");
    expect(await stage.told("web1 running: migrated-in")).toEqual(["web1 running: migrated-in"]);
    stage.store.write("/local/domain/8/name", "web1--migratedaway", ["n0", "r8"]);
    stage.store.fire("/vm/cccccccc-cccc-cccc-cccc-cccccccccccc/name");
    expect(await stage.told("web1 gone: migrated-out")).toEqual(["web1 gone: migrated-out"]);
  });

  test("a name or path that the domain could have written itself is not used", async () => {
    await using stage = new XenStage();
    stage.boot(5, "web1", { pins: [[1]], channels: [WEB] });
    stage.store.write("/local/domain/5/name", "db1", ["n5", "r0"]);
    stage.boot(6, "web2", { pins: [[2]] });
    stage.store.write("/local/domain/6/name", "db1", ["n0", "b6"]);
    stage.boot(7, "web3", { pins: [[3]], channels: [WEB] });
    stage.store.write("/local/domain/0/backend/console/7/1/path", "/tmp/powermonitor/db1.0", ["n0", "w7"]);
    stage.boot(9, "a/b", { pins: [[3]] });
    stage.boot(10, "a\nb", { pins: [[3]] });
    await stage.followed();
    expect([...stage.recorder.domains].map(([name, { channels }]) => [name, channels])).toEqual([
      ["Domain-0", new Map()],
      ["web3", new Map()],
    ]);
  });

  test("events without end do not delay the look", async () => {
    await using stage = new XenStage();
    const web = stage.boot(7, "web1", { pins: [[1]] });
    await stage.followed({ beatMs: 60_000, settleMs: 200 });
    stage.recorder.news();
    const storm = setInterval(() => stage.store.fire("/local/domain/0/backend/console/7/1/state"), 5);
    web.vcpus = [{ online: true, pins: [3] }];
    await until(() => stage.recorder.domains.get("web1")?.pins[0]?.[0] === 3, undefined, 1000);
    clearInterval(storm);
  });

  test("of two domains with one name the later one has it", async () => {
    await using stage = new XenStage();
    stage.boot(5, "web1", { pins: [[1]] });
    await stage.followed();
    stage.recorder.news();
    stage.boot(6, "web1", { pins: [[2]] });
    await stage.told("web1 running: booted");
    expect(stage.recorder.domains.get("web1")?.pins).toEqual([[2]]);
  });

  test("an unknown interface of Xen is refused with a sentence, and tried again later", async () => {
    await using stage = new XenStage();
    stage.xen.domctlVersion = 0x19;
    const follower = stage.follow();
    await until(() => follower.status().problem !== undefined);
    expect(follower.status().problem).toBe(
      "Xen 4.17 has an interface that this vm-power does not know (it knows those of Xen 4.16 to 4.22): install a newer vm-power",
    );
    expect(stage.store.clients).toBe(0);
    stage.xen.domctlVersion = 0x18;
    await stage.told("ready");
  });

  test("looks at hundreds of domains", async () => {
    await using stage = new XenStage();
    for (let id = 1; id <= 300; id++) stage.boot(id, `vm${id}`, { pins: [[1]] });
    await stage.followed();
    expect(stage.recorder.domains.size).toBe(301);
  });
});
