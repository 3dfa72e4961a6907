import { describe, expect, test } from "bun:test";
import { openLibvirt } from "../../src/hypervisor/libvirt/libvirt.ts";
import { Recorder } from "./recorder.ts";
import { Stage } from "./stage.ts";

describe("openLibvirt() says why not", () => {
  test("SASL", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.authTypes = [1];
    stage.open();
    expect(await stage.problem()).toBe(
      `libvirtd asks for a password (SASL) at "${fake.path}": set auth_unix_ro = "none" in libvirtd.conf`,
    );
  });

  test("polkit, which is asked and may say no", async () => {
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
      "libvirtd does not open test:///default: authentication failed: access denied",
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

  test("a URI of another machine, at once and for good", () => {
    const recorder = new Recorder();
    const hypervisor = openLibvirt({ uri: "qemu+ssh://h/system", log: recorder.log }, recorder);
    expect(hypervisor.status().state).toBe("unreachable");
    expect(recorder.lines.length).toBe(1);
  });
});
