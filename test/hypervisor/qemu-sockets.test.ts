import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { argsOf, QemuStage } from "./qemu-stage.ts";

describe("the socket of a channel", () => {
  const LIST = "Num       RefCount Protocol Flags    Type St Inode Path\n";

  test("of a descriptor has the path that the kernel tells of its inode", async () => {
    await using stage = new QemuStage();
    stage.start(50, { args: argsOf("web1", ["fd=28", "fd=29"]), fds: new Map([[28, 4711]]) });
    fs.writeFileSync(
      `${stage.root}/50/net/unix`,
      `${LIST}00000000a003df4a: 00000002 00000000 00010000 0001 01 4711 ${stage.files}/a b.0\n00000000a003df4b: 00000003 00000000 00000000 0001 03 4712\n`,
    );
    fs.writeFileSync(`${stage.files}/a b.0`, "");
    await stage.followed();
    expect(stage.recorder.domains.get("web1")?.channels).toEqual(new Map([[`${stage.files}/a b.0`, 0]]));
  });

  test("is found among those of thousands of channels", async () => {
    await using stage = new QemuStage();
    stage.start(50, { args: argsOf("web1", ["fd=28"]), fds: new Map([[28, 59_999]]) });
    const line = (inode: number) =>
      `00000000a003df4a: 00000002 00000000 00010000 0001 01 ${inode} /run/libvirt/qemu/channel/domain-${inode}/org.dpdk.0\n`;
    const path = `${stage.files}/web1.0`;
    const own = line(59_999).replace(/\/run.*/, path);
    const others = Array.from({ length: 49_999 }, (_, i) => line(10_000 + i));
    fs.writeFileSync(`${stage.root}/50/net/unix`, [LIST, ...others, own].join(""));
    fs.writeFileSync(path, "");
    await stage.followed();
    expect(stage.recorder.domains.get("web1")?.channels).toEqual(new Map([[path, 0]]));
  });

  test("below another root is found there, and neither .. nor a link leads out of it", async () => {
    await using stage = new QemuStage();
    fs.mkdirSync(`${stage.files}/run`);
    fs.writeFileSync(`${stage.files}/run/own`, "");
    // Both exist on the host as well, and not below the root of the process.
    fs.symlinkSync("/etc", `${stage.files}/link`);
    const args = argsOf("web1", ["path=/run/own", "path=/link/passwd", "path=/../../../etc/passwd"]);
    stage.start(50, { args, root: stage.files });
    await stage.followed();
    expect(stage.recorder.domains.get("web1")?.channels).toEqual(
      new Map([
        [`${stage.root}/50/root/run/own`, 0],
        [`${stage.root}/50/root/link/passwd`, 1],
        [`${stage.root}/50/root/../../../etc/passwd`, 2],
      ]),
    );
  });
});
