import { describe, expect, test } from "bun:test";
import { failure } from "../../src/base/result.ts";
import { openLibvirt } from "../../src/hypervisor/libvirt/libvirt.ts";
import { type Connect, connectUnix } from "../../src/hypervisor/stream.ts";
import { Recorder, until } from "./recorder.ts";
import { Stage, TIMING } from "./stage.ts";

describe("openLibvirt() reports why it cannot connect", () => {
  test("SASL", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.authTypes = [1];
    stage.open();
    expect(await stage.problem()).toBe(
      `libvirtd asks for a password (SASL) at "${fake.path}": set auth_unix_ro = "none" in libvirtd.conf`,
    );
  });

  test("a refusal of polkit", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.authTypes = [2];
    fake.misbehave.set(70, () => ({
      kind: "refuse",
      code: 45,
      message: "authentication failed: access denied",
    }));
    stage.open();
    expect(await stage.problem()).toBe(
      `libvirtd asks polkit at "${fake.path}", which refuses (authentication failed: access denied): usermod -aG libvirt vm-power && systemctl restart vm-power lets it in`,
    );
    fake.misbehave.clear();
    await stage.news("ready");
  });

  test("a URI that this libvirtd does not serve", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.misbehave.set(1, () => ({ kind: "refuse", code: 5, message: "no connection driver available" }));
    stage.open();
    expect(await stage.problem()).toBe(
      "libvirtd does not open test:///default: no connection driver available",
    );
  });

  test("a URI of another machine, at once and without retries", () => {
    const recorder = new Recorder();
    const hypervisor = openLibvirt({ uri: "qemu+ssh://h/system", log: recorder.log }, recorder);
    expect(hypervisor.status().state).toBe("unreachable");
    expect(recorder.lines.length).toBe(1);
  });

  test("the socket whose attempt got furthest", async () => {
    const recorder = new Recorder();
    const connect: Connect = async (path) => failure(path.endsWith("/libvirt-sock") ? "EACCES" : "ENOENT");
    const hypervisor = openLibvirt({ uri: "qemu:///system", log: recorder.log, connect }, recorder);
    await until(() => hypervisor.status().state === "unreachable");
    await hypervisor.close();
    expect(recorder.lines).toEqual([
      'warning: No permission for "/run/libvirt/libvirt-sock": run as root, or as a member of the group that owns it',
    ]);
  });
});

test("openLibvirt() does not try the other sockets of a frozen libvirtd", async () => {
  await using stage = new Stage();
  const { fake, recorder } = stage;
  fake.freeze();
  const connect: Connect = async (_, sink) => connectUnix(fake.path, sink);
  const timing = { ...TIMING, callTimeoutMs: 30, backoff: { firstMs: 60_000, maxMs: 60_000 } };
  const hypervisor = openLibvirt({ uri: "qemu:///system", log: recorder.log, connect, timing }, recorder);
  await until(() => hypervisor.status().state === "unreachable");
  await hypervisor.close();
  expect(fake.connections).toBe(1);
});

test("openLibvirt() uses the first socket on which libvirt replies", async () => {
  await using stage = new Stage();
  const { fake, recorder } = stage;
  const tried: string[] = [];
  const connect: Connect = async (path, sink) => {
    tried.push(path);
    return path === "/run/libvirt/libvirt-sock" ? connectUnix(fake.path, sink) : failure("ECONNREFUSED");
  };
  const hypervisor = openLibvirt({ uri: "qemu:///system", log: recorder.log, connect }, recorder);
  await until(() => recorder.told.includes("ready"));
  await hypervisor.close();
  expect(tried).toEqual([
    "/run/libvirt/virtqemud-sock-ro",
    "/run/libvirt/virtqemud-sock",
    "/run/libvirt/libvirt-sock-ro",
    "/run/libvirt/libvirt-sock",
  ]);
});
