import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { metadataLayer } from "../../src/daemon/host/metadata-layer.ts";
import { refBytes, text, u32 } from "../hypervisor/fake-bytes.ts";
import { type FakeDomain, xmlOf } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, scale } from "./port.ts";
import { until } from "./until.ts";

/** What is kept of attributes, and what is said of the others. */
function judged(attributes: Record<string, string>) {
  const { layer, problems } = metadataLayer({ contract: new Map(Object.entries(attributes)) });
  return { values: Object.fromEntries([...layer].map(([key, { value }]) => [key, value])), problems };
}

test("metadataLayer() keeps what can hold, and says what cannot", () => {
  expect(
    judged({
      class: "gold",
      maxKhz: " 60% ",
      turbo: "maybe",
      physicalCores: "yes",
      emulatorMinKhz: "2GHz",
      vcpus: "2",
      "m:x": "1",
    }),
  ).toEqual({
    values: { Class: "gold", MaxKhz: { percent: 60 } },
    problems: [
      'Turbo="maybe" is not yes or no',
      "PhysicalCores is for the configuration and for operators, not for a VM's own metadata",
      "EmulatorMinKhz is for the configuration and for operators, not for a VM's own metadata",
      expect.stringMatching(/^Unknown key "Vcpus" /) as never,
      expect.stringMatching(/^Unknown key "M:x" /) as never,
    ],
  });
  expect(metadataLayer({})).toEqual({ layer: new Map(), problems: [] });
});

test("metadataLayer() says a bounded number of bounded things, whatever there is", () => {
  const attributes = fc.dictionary(fc.string({ maxLength: 80 }), fc.string({ maxLength: 600 }), {
    maxKeys: 70,
  });
  fc.assert(
    fc.property(attributes, (all) => {
      const { values, problems } = judged(all);
      expect(Object.keys(values).length).toBeLessThanOrEqual(20);
      expect(problems.length).toBeLessThanOrEqual(9);
      expect(problems.join("").length).toBeLessThan(9 * 600);
    }),
  );
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, "x"]));
  expect(judged({ ...many, turbo: "no" })).toEqual({
    values: {},
    problems: ["It has more than 64 attributes"],
  });
});

describe("the metadata of a VM", () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-metadata-"));
  const fake = new FakeLibvirtd(join(directory, "sock"));
  let host: TestHost;
  afterEach(() => host.remove());

  async function start(rules: string): Promise<FakeDomain> {
    const driver = `[hypervisor]\nDriver=libvirt\nUri=test:///default\nSocket=${fake.path}\n`;
    host = makeTestHost({ sections: `${driver}${rules}` });
    fake.domains.clear();
    const web1 = fake.add("web1", [[2]]);
    say(web1, "");
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    await port.ask(scale(0, MAX), 464);
    return web1;
  }

  /** Changes the metadata, and sends libvirt's event. */
  function say(domain: FakeDomain, attributes: string): void {
    const element = `<m:contract xmlns:m='urn:vm-power:contract:1' ${attributes}/>`;
    domain.xml = xmlOf(domain, host.channels).replace(
      "<devices>",
      `<metadata>${element}</metadata><devices>`,
    );
    fake.event(379, refBytes(domain), u32(2), u32(1), text("urn:vm-power:contract:1"));
  }

  const speed = () => host.tree.read(2, "scaling_setspeed");
  const key = (name: string) =>
    (host.ask("contract", "web1") as { keys: { key: string }[] }).keys.find((each) => each.key === name);

  test("holds at once, below its own section and above its class, and is explained", async () => {
    const web1 = await start("[class gold]\nMaxKhz=1.4GHz\nTurbo=no\n[vm web1]\nQuery=yes\n");
    expect(speed()).toBe("2301000");
    say(web1, "class='gold' query='no'");
    await until(() => speed() === "1400000");
    say(web1, "class='gold' maxKhz='1.7GHz' query='no'");
    await until(() => speed() === "1700000");
    expect(key("MaxKhz")).toEqual({ key: "MaxKhz", value: "1.7GHz", origin: "metadata" } as never);
    expect(key("Turbo")).toMatchObject({ value: "no", section: "class gold" });
    expect(key("Query")).toMatchObject({ value: "yes", section: "vm web1" });
    await until(() =>
      host.log().includes("The metadata of web1 says about its contract: Class=gold MaxKhz=1.7GHz Query=no"),
    );
    // Restarted while libvirt is away, it goes on from what was last known.
    fake.stop();
    host.signal("SIGUSR2");
    await host.end("SIGTERM");
    await host.start();
    expect(speed()).toBe("1700000");
    fake.listen();
    say(web1, "");
    await until(() => speed() === "2301000");
  }, 30_000);

  test("that is wrong or huge is told, a few times, and the rest of it holds", async () => {
    const web1 = await start("");
    say(web1, "class='tin' maxKhz='1.7GHz' turbo='maybe' physicalCores='yes'");
    await until(() => speed() === "1700000");
    await until(() =>
      /warning The metadata of web1 says about its contract: MaxKhz=1\.7GHz; left out: Turbo="maybe" is not yes or no; PhysicalCores is for .*; There is no class "tin"\n/.test(
        host.log(),
      ),
    );
    expect(host.ask("contract", "web1")).toMatchObject({
      problems: [
        'There is no class "tin": it is left out',
        'Its metadata: Turbo="maybe" is not yes or no',
        expect.stringContaining("PhysicalCores is for the configuration") as never,
      ],
    });
    const junk = (count: number) =>
      Array.from({ length: count }, (_, n) => `a${n}='${"x".repeat(600)}'`).join(" ");
    for (let round = 0; round < 8; round++) {
      say(web1, `${junk(60)} maxKhz='${round % 2 === 0 ? "1.2GHz" : "1.7GHz"}'`);
      await until(() => speed() === (round % 2 === 0 ? "1200000" : "1700000"));
    }
    say(web1, `${junk(66)} maxKhz='1.2GHz'`);
    await until(() => speed() === "2301000");
    expect(host.log().match(/The metadata of web1 says/g)?.length).toBe(5);
  }, 30_000);

  test("has no say with Metadata=no", async () => {
    const web1 = await start("Metadata=no\n[vm *]\nMaxKhz=2GHz\n");
    say(web1, "maxKhz='1.2GHz'");
    await Bun.sleep(300);
    expect([speed(), (host.ask("contract", "web1") as { problems: string[] }).problems]).toEqual([
      "2000000",
      [],
    ]);
    host.configure(host.read("vm-power.conf.d/test.conf").replace("Metadata=no", "Metadata=yes"));
    host.signal("SIGHUP");
    await until(() => speed() === "1200000");
  }, 30_000);

  test("(the fake libvirtd ends)", () => {
    host = makeTestHost();
    fake.stop();
    rmSync(directory, { recursive: true });
  });
});
