import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xmlOf } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let directory: string;
let fake: FakeLibvirtd;
let host: TestHost;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-saved-"));
  fake = new FakeLibvirtd(join(directory, "sock"));
  host = makeTestHost({
    sections: `[hypervisor]\nDriver=libvirt\nUri=test:///default\nSocket=${fake.path}\n`,
  });
});
afterAll(async () => {
  await host.remove();
  fake.stop();
  rmSync(directory, { recursive: true });
});

const speed = () => host.tree.read(1, "scaling_setspeed");
const isPutBack = () => host.tree.read(1, "scaling_governor") !== "userspace";

// virDomainState, its reasons, and the events and details of libvirt-domain.h.
const [RUNNING, SHUTOFF] = [1, 5];
const [BOOTED, RESTORED] = [1, 3];
const SAVED = 5;
const [EVENT_STARTED, EVENT_STOPPED] = [2, 5];
const [STARTED_BOOTED, STARTED_RESTORED] = [0, 2];
const STOPPED_SAVED = 4;

test("what a guest wanted holds again when its VM is restored, and not when it is started anew", async () => {
  const web = fake.add("web1", [[1]]);
  web.xml = xmlOf(web, host.channels);
  let port = host.port("web1", 0);
  await host.start();
  const save = async () => {
    await port.ready();
    await port.ask(scale(0, MIN), 464);
    expect(speed()).toBe("1200000");
    Object.assign(web, { state: SHUTOFF, reason: SAVED });
    port.close();
    fake.lifecycle(web, EVENT_STOPPED, STOPPED_SAVED);
    await until(isPutBack);
    await until(() => host.log().includes("web1 is gone (saved): its claims rest until it is restored here"));
  };
  const start = (reason: number, detail: number) => {
    Object.assign(web, { state: RUNNING, reason, id: web.id + 1 });
    port = host.port("web1", 0);
    fake.lifecycle(web, EVENT_STARTED, detail);
  };
  await save();
  start(RESTORED, STARTED_RESTORED);
  await until(() => speed() === "1200000" && !isPutBack());
  await port.ready();
  expect(host.run("vmpowerctl", "why", "web1:0").out).toContain("wants 1.200 GHz");

  await save();
  start(BOOTED, STARTED_BOOTED);
  await port.ready();
  await until(() => host.log().split("web1 runs (booted)").length > 2);
  expect(host.run("vmpowerctl", "why", "web1:0").out).toContain("wants nothing");
  expect(isPutBack()).toBe(true);
}, 30_000);
