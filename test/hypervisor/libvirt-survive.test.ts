import { describe, expect, test } from "bun:test";
import { i32 } from "./fake-bytes.ts";
import { uuidIn, xmlOf } from "./fake-domains.ts";
import { until } from "./recorder.ts";
import { Stage } from "./stage.ts";

const STOPPED = 5;

describe("openLibvirt() survives", () => {
  test("a libvirtd that is not running yet", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    fake.stop();
    stage.open();
    expect(await stage.problem()).toBe(
      `libvirtd is not running (no "${fake.path}"): systemctl start libvirtd`,
    );
    fake.add("a", [[1]]);
    fake.listen();
    await stage.news("a running: booted", "ready");
    expect(stage.hypervisor.status()).toMatchObject({ state: "connected", problem: undefined });
    expect(recorder.lines).toEqual([
      `warning: libvirtd is not running (no "${fake.path}"): systemctl start libvirtd`,
      `notice: Connected to libvirt at "${fake.path}"`,
    ]);
  });

  test("a restart of libvirtd: domains that ended meanwhile are gone, the others are reported again (R3)", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    fake.add("a", [[1]]);
    const b = fake.add("b", [[2]]);
    const c = fake.add("c", [[3]]);
    const d = fake.add("d", [[4]]);
    await stage.opened();
    fake.stop();
    await until(() => stage.hypervisor.status().state === "unreachable");
    expect([...recorder.domains.keys()]).toEqual(["a", "b", "c", "d"]);
    expect(recorder.news()).toEqual([]);
    fake.domains.delete(b.uuid);
    Object.assign(c, { state: STOPPED, reason: 3, id: -1 });
    d.id = 44;
    fake.listen();
    await until(() => stage.hypervisor.status().state === "connected");
    expect(recorder.news().sort()).toEqual([
      "a running: booted",
      "b gone: vanished",
      "c gone: crashed",
      "d gone: restarted",
      "d running: booted",
    ]);
    expect(recorder.followed).toEqual([true, false, true]);
  });

  test("a connection that ends within any call of the start", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    for (const procedure of [66, 1, 316, 273, 212, 14, 230]) {
      let cuts = 0;
      fake.misbehave.set(procedure, () => (cuts++ === 0 ? { kind: "cut" } : undefined));
    }
    fake.add("a", [[1]]);
    expect(await stage.opened()).toEqual(["a running: booted", "ready"]);
    expect(fake.connections).toBe(8);
  });

  test("a frozen libvirtd, noticed at the next list, on the same connection until it continues", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened({ listMs: 30, callTimeoutMs: 60 });
    fake.freeze();
    expect(await stage.problem()).toBe(
      `libvirtd does not answer at "${fake.path}": systemctl status libvirtd`,
    );
    const asked = fake.calls.length;
    await Bun.sleep(200);
    a.pins = [[8]];
    expect([recorder.news(), fake.calls.length, fake.connections]).toEqual([[], asked, 1]);
    fake.thaw();
    await stage.news("a running: booted");
    expect(recorder.domains.get("a")?.pins).toEqual([[8]]);
    expect([fake.connections, stage.hypervisor.status().state]).toEqual([1, "connected"]);
    expect(recorder.followed).toEqual([true, false, true]);
  });

  test("a missing reply of a working libvirtd", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    fake.add("a", [[1]]);
    let lists = 0;
    fake.misbehave.set(273, () => (++lists === 2 ? { kind: "silence" } : undefined));
    await stage.opened({ listMs: 20, callTimeoutMs: 40 });
    await stage.news("a running: booted");
    const connected = `notice: Connected to libvirt at "${fake.path}"`;
    const silent = `warning: libvirtd does not answer at "${fake.path}": systemctl status libvirtd`;
    expect([recorder.lines, fake.connections]).toEqual([[connected, silent, connected], 1]);
  });

  test("a libvirtd that freezes during the start of a session, and one that stays frozen", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    fake.add("a", [[1]]);
    fake.freeze();
    stage.open({ callTimeoutMs: 30, listMs: 20, silenceMs: 100 });
    expect(await stage.problem()).toMatch(/^libvirtd does not answer/);
    fake.thaw();
    await stage.news("a running: booted", "ready");
    const before = fake.connections;
    fake.freeze();
    await until(() => fake.connections > before + 1);
    expect(stage.hypervisor.status().state).toBe("unreachable");
  });

  test("one domain for which libvirtd does not reply", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const stuck = fake.add("stuck", [[1]]);
    fake.add("fine", [[2]]);
    let hanging = 0;
    fake.misbehave.set(14, (args) => {
      if (uuidIn(args) !== stuck.uuid) return undefined;
      hanging++;
      return { kind: "silence" };
    });
    expect(await stage.opened({ listMs: 20, callTimeoutMs: 100 })).toEqual(["fine running: booted", "ready"]);
    expect(recorder.lines[0]).toBe(
      'warning: Cannot look at domain "stuck": libvirt does not answer for it, though it does for others',
    );
    await Bun.sleep(400);
    // Two of the four places remain for other domains.
    expect([hanging, fake.connections, recorder.lines.length]).toEqual([2, 1, 2]);
    expect(stage.hypervisor.status().state).toBe("connected");
  });

  test("a domain that it may not read, and tries again", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    fake.add("a", [[1]]);
    const refusal = { kind: "refuse" as const, code: 1, message: "internal error: no luck" };
    fake.misbehave.set(230, () => refusal);
    expect(await stage.opened({ listMs: 10 })).toEqual(["ready"]);
    await Bun.sleep(30);
    expect(recorder.lines).toEqual([
      'warning: Cannot look at domain "a": internal error: no luck',
      `notice: Connected to libvirt at "${fake.path}"`,
    ]);
    expect(recorder.followed).toEqual([]);
    fake.misbehave.clear();
    await stage.news("a running: booted");
    // It is not followed any worse when a later look fails, but a domain that is new then may run anywhere.
    fake.misbehave.set(230, () => refusal);
    fake.add("b", [[1]]);
    await until(() => recorder.followed.length === 2);
    fake.misbehave.clear();
    await stage.news("b running: booted");
    expect(recorder.followed).toEqual([true, false, true]);
  });

  test("a domain that vanishes between list and look", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    fake.add("a", [[1]]);
    fake.misbehave.set(14, () => ({ kind: "refuse", code: 42, message: "Domain not found" }));
    expect(await stage.opened()).toEqual(["ready"]);
    expect(recorder.lines).toEqual([`notice: Connected to libvirt at "${fake.path}"`]);
  });

  test("a domain that stops during a look without an event, for a limited time", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    const refusal = { kind: "refuse" as const, code: 55, message: "domain is not running" };
    fake.misbehave.set(230, () => refusal);
    await stage.opened({ listMs: 20 });
    expect(recorder.lines).toEqual([`notice: Connected to libvirt at "${fake.path}"`]);
    await until(() => recorder.lines.length === 2);
    expect(recorder.lines[1]).toBe('warning: Cannot look at domain "a": domain is not running');
    fake.misbehave.clear();
    a.xml = xmlOf(a).replace(" id=", " no=");
    await until(() => recorder.lines.length === 3);
    expect(recorder.lines[2]).toMatch(/: libvirt says that it runs, but not in its XML$/);
    delete a.xml;
    await stage.news("a running: booted");
  });

  test("invalid XML", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    const a = fake.add("a", [[1]]);
    a.xml = "<domain";
    expect(await stage.opened()).toEqual(["ready"]);
    expect(recorder.lines[0]).toBe('warning: Cannot look at domain "a": its XML has "domain" is not a tag');
  });

  test("too few CPU maps", async () => {
    await using stage = new Stage();
    const { fake, recorder } = stage;
    fake.add("a", [[1], [2]]);
    fake.misbehave.set(230, () => ({ kind: "body", status: 0, bytes: new Uint8Array(8) }));
    expect(await stage.opened()).toEqual(["ready"]);
    expect(recorder.lines[0]).toBe('warning: Cannot look at domain "a": libvirt gave 0 CPU maps for 2 vCPUs');
  });

  test("virtproxyd that lost the daemon behind it", async () => {
    await using stage = new Stage();
    const { fake } = stage;
    const a = fake.add("a", [[1]]);
    await stage.opened();
    fake.event(362, i32(3));
    a.pins = [[6]];
    await stage.news("a running: booted");
    expect(fake.connections).toBe(2);
  });
});
