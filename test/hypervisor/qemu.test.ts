import { describe, expect, spyOn, test } from "bun:test";
import fs from "node:fs";
import { argsOf, QemuStage } from "./qemu-stage.ts";
import { until } from "./recorder.ts";

const UUID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

describe("openQemu()", () => {
  test("reports each QEMU with its vCPUs, its pinned threads, its channels and its contract", async () => {
    await using stage = new QemuStage();
    const more = ["-uuid", UUID, "-smbios", "type=11,value=io.vmpower.contract:MaxKhz=2400000"];
    stage.start(50, {
      args: argsOf("web1", ["path=/etc/passwd", "path=etc/group", "path=/etc/group"], more),
      threads: new Map([
        [501, ["CPU 0/KVM", [1]]],
        [502, ["CPU 2/KVM", [2, 3, 9]]],
        [503, ["IO iothread1", [3]]],
        [504, ["CPU 0/KVM", [3]]],
        [505, ["CPU 9999/KVM", [3]]],
      ]),
    });
    const follower = await stage.followed();
    expect(stage.recorder.news()).toEqual(["web1 running: unknown", "ready"]);
    expect([...stage.recorder.domains.values()]).toEqual([
      {
        name: "web1",
        uuid: UUID.replaceAll("-", ""),
        run: "50:50",
        state: "running",
        origin: "unknown",
        pins: [[1], [], [2, 3]],
        channels: new Map([
          ["/etc/passwd", 0],
          ["/etc/group", 2],
        ]),
        pid: 50,
        threads: [{ name: "iothread iothread1", pcpus: [3] }],
        contract: new Map([["MaxKhz", "2400000"]]),
      },
    ]);
    expect(follower.status()).toEqual({
      driver: "qemu",
      uri: "qemu",
      state: "connected",
      problem: undefined,
      note: undefined,
      domains: 1,
    });
    expect(await follower.vcpuTimes?.("web1", 3)).toEqual(
      new Map([
        [0, 501_000],
        [2, 502_000],
      ]),
    );
    expect(stage.recorder.followed.at(-1)).toBe(true);
  });

  test("sees a QEMU that starts, another affinity, a vCPU that comes or goes, and the end", async () => {
    await using stage = new QemuStage();
    await stage.followed();
    stage.recorder.news();
    stage.start(60, { comm: "kvm", args: argsOf("web1", []) });
    expect(await stage.told("web1 running: unknown")).toEqual(["web1 running: unknown"]);
    const pins = () => stage.recorder.domains.get("web1")?.pins;
    expect(pins()).toEqual([[1], [2]]);
    stage.affinity.set(602, [3]);
    await until(() => pins()?.[1]?.[0] === 3, pins);
    stage.thread(60, 603, "CPU 2/KVM", [0]);
    await until(() => pins()?.length === 3, pins);
    stage.endThread(60, 602);
    await until(() => pins()?.[1]?.length === 0, pins);
    stage.recorder.news();
    stage.end(60);
    expect(await stage.told("web1 gone: stopped")).toEqual(["web1 gone: stopped"]);
    expect(stage.held).toBe(0);
  });

  test("a process that becomes QEMU late is found, be it young or old", async () => {
    await using stage = new QemuStage();
    stage.start(70, { comm: "sh", args: ["sh"], threads: new Map([[701, ["CPU 0/TCG", [1]]]]) });
    await stage.followed();
    await Bun.sleep(300);
    fs.writeFileSync(`${stage.root}/70/cmdline`, argsOf("late", []).join("\0"));
    fs.writeFileSync(`${stage.root}/70/comm`, "qemu-kvm\n");
    await stage.told("late running: unknown");
  });

  test("does not list processes while none was started, but at intervals", async () => {
    await using stage = new QemuStage();
    const { root } = stage;
    fs.writeFileSync(`${root}/loadavg`, "0.10 0.20 0.30 1/99 49\n");
    let lists = 0;
    const original = fs.promises.readdir;
    using _ = spyOn(fs.promises, "readdir").mockImplementation(((path: string) => {
      lists++;
      return original(path);
    }) as typeof original);
    await stage.followed();
    lists = 0;
    const beats = stage.recorder.followed.length;
    await until(() => lists === 3);
    // An older process is looked at every sixth time; then the list is read too.
    expect(stage.recorder.followed.length - beats).toBeGreaterThan(10);
    stage.start(50, { args: argsOf("web1", []) });
    fs.writeFileSync(`${root}/loadavg`, "0.10 0.20 0.30 1/99 50\n");
    await stage.told("web1 running: unknown");
  });

  test("a process with the number of one that ended is another VM", async () => {
    await using stage = new QemuStage();
    stage.start(50, { args: argsOf("web1", []), startTicks: 7 });
    await stage.followed();
    stage.recorder.news();
    stage.end(50);
    stage.start(50, { args: argsOf("web1", []), startTicks: 8 });
    expect(await stage.told("web1 running: unknown")).toEqual([
      "web1 gone: stopped",
      "web1 running: unknown",
    ]);
    expect(stage.recorder.domains.get("web1")?.run).toBe("50:8");
  });

  test("tells VMs of one name apart: the oldest on the host has it, in containers none", async () => {
    await using stage = new QemuStage();
    stage.rule.containers = true;
    stage.start(50, { args: argsOf("web1", [], ["-uuid", UUID]), startTicks: 9 });
    stage.start(51, { args: argsOf("web1", []), startTicks: 8 });
    stage.start(52, { args: argsOf("web1", []), pids: [52, 1], startTicks: 1 });
    stage.start(53, { args: argsOf("web1", [], ["-uuid", UUID]), uidMap: "0 100000 65536\n" });
    stage.start(54, { args: argsOf("a/b\n", []) });
    stage.start(55, { args: ["qemu-system-x86_64"] });
    await stage.followed();
    expect(new Map([...stage.recorder.domains.values()].map(({ pid, name }) => [pid, name]))).toEqual(
      new Map([
        [50, "web1@1b4e28ba"],
        [51, "web1"],
        [52, "web1@52"],
        [53, "web1@53"],
        [54, "qemu@54"],
        [55, "qemu@55"],
      ]),
    );
  });

  test("does not serve a process of another user, or in a container, whatever it calls itself, and says so once", async () => {
    await using stage = new QemuStage();
    const args = argsOf("web1", ["path=/run/web1.0"]);
    stage.start(50, { args, uids: [1000, 1000, 1000, 1000] });
    const follower = await stage.followed();
    expect(stage.recorder.domains.size).toBe(0);
    const stranger =
      'QEMU process 50 ("web1") is not served, it runs as the untrusted user 1000: add the user that QEMU runs as to TrustedUsers';
    expect(follower.status().note).toBe(stranger);
    // One user of the four that it might become is enough.
    stage.start(51, { args, uids: [0, 0, 1000, 0] });
    stage.start(52, { args, pids: [52, 1] });
    stage.start(53, { args, uidMap: "0 1000 1\n" });
    stage.start(54, { args: argsOf("web1", []), uids: [1000, 1000, 1000, 1000] });
    await until(() => stage.recorder.lines.length > 4);
    await Bun.sleep(100);
    const container = "it runs in a container: set Containers=yes if who may start containers is trusted";
    expect(stage.recorder.lines.filter((line) => line.includes("process")).toSorted()).toEqual(
      [
        "notice: Follows the QEMU processes of this host",
        `notice: ${stranger}`,
        `notice: ${stranger.replace("50", "51")}`,
        `notice: QEMU process 52 ("web1") is not served, ${container}`,
        `notice: QEMU process 53 ("web1") is not served, ${container}`,
      ].toSorted(),
    );
    expect(follower.status().note).toBe(`4 QEMU processes are not served; ${stranger}`);
    expect([stage.recorder.domains.size, stage.held]).toEqual([0, 0]);
  });

  test("judges every process again after a reload", async () => {
    await using stage = new QemuStage();
    stage.start(50, { args: argsOf("web1", []), pids: [50, 1] });
    stage.start(51, { args: argsOf("web2", []), uids: [64055, 64055, 64055, 64055] });
    const follower = await stage.followed();
    expect([...stage.recorder.domains.keys()]).toEqual(["web2"]);
    stage.rule.containers = true;
    stage.rule.trustedUids.delete(64055);
    stage.recorder.news();
    follower.refresh();
    expect(await stage.told("web1@50 running: unknown")).toEqual([
      "web2 gone: stopped",
      "web1@50 running: unknown",
    ]);
  });

  test("does not serve a QEMU that it cannot read, and bounds what it says about such", async () => {
    await using stage = new QemuStage();
    const args = argsOf("web1", ["path=/run/web1.0"]);
    stage.start(50, { args, threads: new Map() });
    stage.start(51, { args: [...args, "x".repeat(2 ** 20)], uids: [] });
    await stage.followed();
    await until(() => stage.recorder.lines.length > 1);
    for (let pid = 100; pid < 120; pid++) stage.start(pid, { args, uids: [7, 7, 7, 7] });
    await until(() => stage.recorder.lines.length > 5);
    await Bun.sleep(100);
    expect(stage.recorder.lines.slice(0, 2)).toEqual([
      "notice: Follows the QEMU processes of this host",
      'notice: QEMU process 50 ("web1") is not served, its vCPU threads have no names: start it with -name NAME,debug-threads=on',
    ]);
    expect(stage.recorder.lines.length).toBe(6);
  });

  test("without the right to see other processes it says what to do, and follows nothing", async () => {
    await using stage = new QemuStage();
    stage.end(1);
    void stage.followed().catch(() => {});
    await until(() => stage.recorder.lines.length > 0);
    expect(stage.recorder.lines).toEqual([
      "warning: The processes of this host are hidden from the daemon: install the drop-in /usr/share/doc/vm-power/examples/qemu.conf",
    ]);
    expect(stage.recorder.followed).toEqual([false]);
  });
});
