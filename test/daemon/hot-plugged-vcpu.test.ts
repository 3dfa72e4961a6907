import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FakeDomain, uuidIn, xmlOf } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, nack, type Port, scale } from "./port.ts";
import { until } from "./until.ts";

const PLUGGED = { unplugged: [[1], []], plugged: [[1], [2]] };

let directory: string;
let fake: FakeLibvirtd;
let host: TestHost;
/** Calls for a domain's state, by its UUID: there is one for each look. */
const looks: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-plugged-"));
  fake = new FakeLibvirtd(join(directory, "sock"));
  fake.misbehave.set(212, (args) => void looks.push(uuidIn(args)));
  host = makeTestHost({
    sections: `[hypervisor]\nDriver=libvirt\nUri=test:///default\nSocket=${fake.path}\n`,
  });
});
afterAll(async () => {
  await host.remove();
  fake.stop();
  rmSync(directory, { recursive: true });
});

function add(name: string): { domain: FakeDomain; port: Port } {
  const domain = fake.add(name, PLUGGED.unplugged);
  domain.xml = xmlOf(domain, host.channels);
  return { domain, port: host.port(name, 1) };
}

test("a vCPU that was hot-plugged without an event is served from the second request on", async () => {
  const { domain: web, port } = add("web1");
  const { domain: eager, port: eagerPort } = add("eager");
  await host.start();
  await port.ready();
  await eagerPort.ready();
  const ask = async (of: Port) => Buffer.from(await of.ask(scale(1, MIN), 464));
  const refused = Buffer.from(nack(scale(1, MIN)));
  looks.length = 0;

  web.pins = PLUGGED.plugged;
  expect(await ask(port)).toEqual(refused);
  await until(() => host.log().includes("web1 runs (booted), vCPU:CPUs 0:1 1:2"));
  expect(await ask(port)).toEqual(Buffer.from(scale(1, MIN)));
  expect(host.tree.read(2, "scaling_setspeed")).toBe("1200000");

  // Repeated requests for a vCPU that does not exist make the daemon ask libvirt once, not each time.
  for (let i = 0; i < 50; i++) expect(await ask(eagerPort)).toEqual(refused);
  await until(() => looks.includes(eager.uuid));
  await Bun.sleep(200);
  expect(looks).toEqual([web.uuid, eager.uuid]);
});
