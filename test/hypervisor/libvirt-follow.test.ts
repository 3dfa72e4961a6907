import { describe, expect, test } from "bun:test";
import { hex } from "./bytes.ts";
import { refBytes, text, u32 } from "./fake-bytes.ts";
import { xmlOf } from "./fake-domains.ts";
import { until } from "./recorder.ts";
import { Stage } from "./stage.ts";

const STOPPED = 5;
const STARTED = 2;

describe("openLibvirt() follows", () => {
  test.each([
    [0, "shut-down"],
    [1, "destroyed"],
    [2, "crashed"],
    [3, "migrated-out"],
    [4, "saved"],
  ])("a domain that stops with detail %d, and starts again", async (detail, words) => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    a.state = STOPPED;
    fake.lifecycle({ ...a, id: -1 }, STOPPED, detail);
    await stage.news(`a gone: ${words}`);
    Object.assign(a, { state: 1, reason: 1, id: 9 });
    fake.lifecycle(a, STARTED, 0);
    await stage.news("a running: booted");
  });

  test("a guest that powers itself off", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    a.state = 4;
    fake.lifecycle(a, 6, 1);
    await stage.news("a running: shutting-down");
    fake.domains.delete(a.uuid);
    fake.lifecycle({ ...a, id: -1 }, STOPPED, 0);
    await stage.news("a gone: shut-down-by-guest");
  });

  test("a domain that is paused and resumed", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    Object.assign(a, { state: 3, reason: 5 });
    fake.lifecycle(a, 3, 2);
    await stage.news("a paused: paused-by-io-error");
    Object.assign(a, { state: 1, reason: 5 });
    fake.lifecycle(a, 4, 0);
    await stage.news("a running: resumed");
  });

  test("pins that move (tunable event, R19)", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1], [2]]);
    await stage.opened();
    a.pins = [[1], [5]];
    // Callback, domain, one parameter: cputune.vcpupin1 is the string "5".
    fake.event(346, refBytes(a), u32(1), text("cputune.vcpupin1"), u32(7), text("5"));
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.pins).toEqual([[1], [5]]);
  });

  test("pins of its emulator that move (tunable event)", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    const pin = (cpuset: string) => {
      a.xml = xmlOf(a).replace("<devices>", `<cputune><emulatorpin cpuset='${cpuset}'/></cputune><devices>`);
      // Callback, domain, one parameter: cputune.emulatorpin is a string.
      fake.event(346, refBytes(a), u32(1), text("cputune.emulatorpin"), u32(7), text(cpuset));
    };
    await stage.opened();
    expect(recorder.domains.get("a")?.threads).toBeUndefined();
    for (const [cpuset, pcpus] of [
      ["4", [4]],
      ["4-5", [4, 5]],
    ] as const) {
      pin(cpuset);
      await stage.news("a running: booted");
      expect(recorder.domains.get("a")?.threads).toEqual([{ name: "emulator", pcpus }]);
    }
  });

  test("a channel that is hot-plugged and unplugged (device events)", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    a.xml = xmlOf(a, "/elsewhere");
    fake.event(354, refBytes(a), text("channel0"));
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.channels).toEqual(new Map([["/elsewhere/a.0", 0]]));
    delete a.xml;
    fake.event(333, refBytes(a), text("channel0"));
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.channels).toEqual(new Map([["/tmp/powermonitor/a.0", 0]]));
  });

  test("metadata that change (metadata event)", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    const metadata = "<metadata><c:contract xmlns:c='urn:vm-power:contract:1' class='gold'/></metadata>";
    a.xml = xmlOf(a).replace("<devices>", `${metadata}<devices>`);
    // Callback, domain, type 2 (an element), its namespace.
    fake.event(379, refBytes(a), u32(2), u32(1), text("urn:vm-power:contract:1"));
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.contract).toEqual(new Map([["class", "gold"]]));
    delete a.xml;
    fake.event(379, refBytes(a), u32(2), u32(1), text("urn:vm-power:contract:1"));
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.contract).toBeUndefined();
  });

  test("a guest that reboots: what it asked for ends", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    fake.event(319, refBytes(a));
    await stage.news("a gone: rebooted", "a running: booted");
  });

  test("events in the wrong order: the current state counts", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    a.id = 2;
    fake.lifecycle(a, STARTED, 0);
    fake.lifecycle({ ...a, id: -1 }, STOPPED, 1);
    await stage.news("a gone: destroyed", "a running: booted");
    fake.lifecycle({ ...a, id: -1 }, STOPPED, 1);
    await Bun.sleep(40);
    expect(recorder.news()).toEqual([]);
  });

  test("a domain that got another's name", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    fake.domains.delete(a.uuid);
    const b = fake.add("a", [[2]], { uuid: "ab".repeat(16) });
    fake.lifecycle(b, STARTED, 0);
    await stage.news("a gone: replaced", "a running: booted");
    fake.lifecycle({ ...a, id: -1 }, STOPPED, 1);
    await Bun.sleep(30);
    expect(recorder.news()).toEqual([]);
    expect(recorder.domains.get("a")?.pins).toEqual([[2]]);
  });

  test("a burst of events with one look", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened({ settleMs: 300 });
    const before = fake.calls.length;
    for (let i = 0; i < 10; i++) {
      fake.send(burstEvent(a));
      await Bun.sleep(2);
    }
    await until(() => fake.calls.length > before + 2);
    await Bun.sleep(100);
    expect(fake.calls.slice(before)).toEqual([212, 14, 230]);
  });

  test("20,000 events with a few looks", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    const before = fake.calls.length;
    for (let i = 0; i < 20; i++) {
      const burst = Array.from({ length: 1000 }, () => new Uint8Array(Buffer.concat([burstEvent(a)])));
      fake.send(new Uint8Array(Buffer.concat(burst)));
      await Bun.sleep(1);
    }
    await Bun.sleep(40);
    expect(fake.calls.length - before).toBeGreaterThanOrEqual(3);
    expect(fake.calls.length - before).toBeLessThan(60);
    expect(stage.hypervisor.status().state).toBe("connected");
  });

  test("a change without an event, with the next list", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened({ listMs: 10 });
    fake.add("b", [[2]]);
    await stage.news("b running: booted");
    a.id = 77;
    await stage.news("a gone: restarted", "a running: booted");
    Object.assign(a, { state: STOPPED, reason: 2, id: -1 });
    await stage.news("a gone: destroyed");
  });

  test("a vCPU that is hot-plugged, with the next full read", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened({ listMs: 2 });
    a.pins = [[1], [4]];
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.pins).toEqual([[1], [4]]);
  });

  test("a vCPU that is hot-plugged, when told to look again", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1], []]);
    fake.add("b", [[2]]);
    await stage.opened();
    a.pins = [[1], [4]];
    const before = fake.calls.length;
    for (let i = 0; i < 3; i++) stage.hypervisor.lookAgain("a");
    stage.hypervisor.lookAgain("nix");
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.pins).toEqual([[1], [4]]);
    expect(fake.calls.slice(before)).toEqual([212, 14, 230]);
  });

  test("everything again on refresh()", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.add("a", [[1]]);
    await stage.opened();
    stage.hypervisor.refresh();
    await stage.news("a running: booted");
  });
});

/** A tunable event without parameters. */
function burstEvent(domain: { name: string; uuid: string; id: number }): Uint8Array {
  const body = Buffer.concat([refBytes(domain), u32(0)]);
  const header = hex("20008086 00000001 0000015a 00000002 00000000 00000000 00000000");
  return new Uint8Array(Buffer.concat([u32(4 + header.length + body.length), header, body]));
}
