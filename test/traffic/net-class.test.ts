import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { netClass } from "../../src/traffic/net-class.ts";

test("counts what a guest receives at its tap or macvtap, and nothing of the host's own interfaces", async () => {
  const root = mkdtempSync(join(tmpdir(), "vm-power-net-"));
  const make = (name: string, address: string, kind: "tap" | "macvtap" | "nic") => {
    const at = (file: string) => join(root, name, file);
    mkdirSync(at("statistics"), { recursive: true });
    writeFileSync(at("address"), `${address}\n`);
    writeFileSync(at("statistics/rx_packets"), "11\n");
    writeFileSync(at("statistics/tx_packets"), "22\n");
    if (kind === "tap") writeFileSync(at("tun_flags"), "0x5002\n");
    if (kind === "macvtap") mkdirSync(at("macvtap"));
  };
  try {
    make("vnet0", "fe:54:00:00:00:0a", "tap");
    make("macvtap0", "52:54:00:00:00:0b", "macvtap");
    make("eth0", "52:54:00:00:00:0c", "nic");
    let nowMs = 0;
    const source = netClass(root, () => nowMs);
    const counts = async () =>
      Promise.all(["0a", "0b", "0c"].map((last) => source("web1", `52:54:00:00:00:${last}`)));
    expect(await counts()).toEqual([22, 11, undefined]);
    rmSync(join(root, "vnet0"), { recursive: true });
    make("vnet1", "fe:54:00:00:00:0a", "tap");
    expect((await counts())[0]).toBeUndefined();
    nowMs = 10_000;
    expect((await counts())[0]).toBe(22);
    writeFileSync(join(root, "vnet1/statistics/tx_packets"), "-1 many\n");
    expect((await counts())[0]).toBeUndefined();
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a host without such a directory has no interfaces", async () => {
  expect(await netClass("/nowhere", () => 0)("web1", "52:54:00:00:00:0a")).toBeUndefined();
});
