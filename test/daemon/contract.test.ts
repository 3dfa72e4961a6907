import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, nack, scale, TURBO } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const RULES = `[vm *]
Turbo=no
MaxKhz=80%
[class gold]
Turbo=yes
MaxKhz=none
[vm web1]
Vcpus=2
[vm web2]
Vcpus=3
Class=gold
`;

interface Key {
  readonly key: string;
  readonly value?: string;
  readonly origin: string;
}

/** The keys of a contract that are not built in: value and origin, without who and when. */
function contract(vm: string): Record<string, string> {
  const { keys } = host.ask("contract", vm) as unknown as {
    keys: (Key & { section?: string; line?: number })[];
  };
  const set = keys.filter(({ origin }) => origin !== "builtIn");
  return Object.fromEntries(
    set.map(({ key, value, origin, section, line }) => [
      key,
      origin === "section" ? `${value} [${section}]:${line}` : `${value} ${origin}`,
    ]),
  );
}

const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");

test("rules written before any VM exists hold for it, are explained, and a reload holds for all VMs at once", async () => {
  host = makeTestHost({ sections: RULES });
  const [one, two] = [host.port("web1", 0), host.port("web2", 0)];
  await host.start();
  await Promise.all([one.ready(), two.ready()]);
  await one.ask(scale(0, MAX), 464);
  await two.ask(scale(0, MAX), 464);
  // 80 % of 1.2 to 2.3 GHz is 2.08 GHz.
  expect([speed(2), speed(3)]).toEqual(["2000000", "2301000"]);
  expect(await one.ask(scale(0, TURBO), 464)).toEqual(nack(scale(0, TURBO)));
  expect(contract("web1")).toEqual({ MaxKhz: "80% [vm *]:3", Turbo: "no [vm *]:2" });
  expect(contract("web2")).toEqual({
    Class: "gold [vm web2]:11",
    MaxKhz: "none [class gold]:6",
    Turbo: "yes [class gold]:5",
  });
  expect(contract("nobody-yet")).toEqual({ MaxKhz: "80% [vm *]:3", Turbo: "no [vm *]:2" });
  expect(host.run("vmpowerctl", "contract", "web1").out).toMatch(
    /^MaxKhz +80% +\[vm \*\], .*vm-power\.conf\.d\/test\.conf:3$/m,
  );
  expect(host.run("vmpowerctl", "why", "web1:0").out).toContain("bounded by MaxKhz of its contract");
  host.configure(RULES.replace("80%", "50%").replace("MaxKhz=none", "MaxKhz=1.4GHz"));
  host.signal("SIGHUP");
  await until(() => host.log().includes("Reloaded"));
  expect([speed(2), speed(3)]).toEqual(["1700000", "1400000"]);
  expect(contract("web1")["MaxKhz"]).toBe("50% [vm *]:3");
  host.configure(`${RULES}[vm a*]\nTurbo=no\n[vm *b]\nTurbo=yes\n`);
  host.signal("SIGHUP");
  await until(() => host.log().includes("was not reloaded"));
  expect(host.log()).toContain("test.conf:15: Turbo in [vm *b] and in [vm a*] can be for one VM");
  expect([speed(2), speed(3)]).toEqual(["1700000", "1400000"]);
}, 20_000);

test("an operator's word holds at once and after a restart, names who said it, and is taken back", async () => {
  host = makeTestHost({ sections: RULES });
  const port = host.port("web2", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  const set = host.run(
    "vmpowerctl",
    "set-contract",
    "web2",
    "MaxKhz=1.8GHz",
    "Turbo=no",
    "--reason",
    "noisy",
  );
  expect(set).toEqual({ code: 0, out: "MaxKhz=1.8GHz Turbo=no holds for VM web2\n", err: "" });
  expect(speed(3)).toBe("1700000");
  const { keys } = host.ask("contract", "web2") as unknown as { keys: (Key & Record<string, unknown>)[] };
  expect(keys.find(({ key }) => key === "MaxKhz")).toEqual({
    ...{ key: "MaxKhz", value: "1.8GHz", origin: "operator", reason: "noisy" },
    who: expect.stringMatching(/^root \(uid 0, pid \d+\)$/) as never,
    atMs: expect.any(Number) as never,
  });
  await until(() => / set MaxKhz=1\.8GHz Turbo=no of web2: noisy\n/.test(host.log()));
  await host.end("SIGTERM");
  await host.start();
  expect(contract("web2")).toMatchObject({ MaxKhz: "1.8GHz operator", Turbo: "no operator" });
  expect(host.run("vmpowerctl", "unset-contract", "web2", "Maxkhz")).toMatchObject({
    code: 1,
    err: 'Unknown key "Maxkhz" (did you mean "MaxKhz"?)\n',
  });
  expect(host.run("vmpowerctl", "unset-contract", "web2", "MaxKhz", "Query").out).toBe(
    "MaxKhz is no longer set for VM web2 by operators\n",
  );
  expect(contract("web2")).toMatchObject({ MaxKhz: "none [class gold]:6", Turbo: "no operator" });
  host.run("vmpowerctl", "unset-contract", "web2");
  expect(contract("web2")).toMatchObject({ Turbo: "yes [class gold]:5" });
  expect(host.run("vmpowerctl", "unset-contract", "web2").out).toBe(
    "Operators have set no key for VM web2\n",
  );
}, 20_000);

test("an operator's word for a time ends by itself, also while the daemon was away", async () => {
  host = makeTestHost({ sections: RULES });
  const port = host.port("web2", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  host.run("vmpowerctl", "set-contract", "web2", "MaxKhz=1.2GHz", "--for", "1s");
  expect(speed(3)).toBe("1200000");
  await until(() => host.log().includes("The time of MaxKhz of web2 is over, which root"));
  // The guest has not asked again.
  expect(speed(3)).toBe("2301000");
  expect(contract("web2")["MaxKhz"]).toBe("none [class gold]:6");
  expect(host.read("state/operator.json")).not.toContain("MaxKhz");
  host.run("vmpowerctl", "set-contract", "web2", "Turbo=no", "--for", "1s");
  await host.end("SIGTERM");
  await Bun.sleep(1_100);
  await host.start();
  expect(contract("web2")["Turbo"]).toBe("yes [class gold]:5");
}, 20_000);

test("set-query and set-contract Query speak of one key: the newer word counts", async () => {
  host = makeTestHost({ sections: RULES });
  await host.start();
  host.run("vmpowerctl", "set-query", "web1", "enable");
  expect(contract("web1")["Query"]).toBe("yes operator");
  host.run("vmpowerctl", "set-contract", "web1", "Query=no");
  expect(contract("web1")["Query"]).toBe("no operator");
  host.run("vmpowerctl", "set-query", "web1", "enable");
  expect(contract("web1")["Query"]).toBe("yes operator");
  host.run("vmpowerctl", "unset-contract", "web1");
  expect(contract("web1")["Query"]).toBeUndefined();
});

test("what cannot hold is refused as a whole, with the reason, and nothing is set", async () => {
  host = makeTestHost({ sections: RULES });
  await host.start();
  const refused: readonly (readonly [string[], string])[] = [
    [["web1", "Turbo=no", "Maxkhz=1GHz"], 'Unknown key "Maxkhz" (did you mean "MaxKhz"?)'],
    [["web1", "Turbo=no", "MaxKhz=fast"], 'MaxKhz="fast" is not a speed'],
    [["web1", "Turbo=no", "Turbo=yes"], "Turbo is set more than once: keep one value of it"],
    [["web1", "Turbo=no", "Vcpus=2"], 'Unknown key "Vcpus"'],
    [["web1", "Turbo=no", "Class=tin"], 'There is no class "tin"'],
    [["web1", "Turbo"], '"Turbo" is not a key with its value: write it like Turbo=no'],
    [
      ["web*", "Turbo=no"],
      '"web*" is a pattern, and an order is for one VM: write [vm web*] in the configuration',
    ],
    [["a/b", "Turbo=no"], 'No VM can be called "a/b"'],
  ];
  for (const [args, why] of refused) {
    const { code, err } = host.run("vmpowerctl", "set-contract", ...args);
    expect([args, code, err.replace(/\n {2}/g, " ")]).toEqual([
      args,
      why.startsWith("No VM") ? 2 : 1,
      expect.stringContaining(why) as never,
    ]);
  }
  expect(host.read("state/operator.json")).not.toContain("Turbo");
});

test("config prints what is in force, and reading it gives the same", async () => {
  host = makeTestHost({ sections: RULES });
  await host.start();
  const { code, out } = host.run("vmpowerctl", "config");
  expect(code).toBe(0);
  expect(out).toMatch(/^ControlSocket=.*\/run\/control\.sock {2}# built in$/m);
  expect(out).toMatch(/^MaxKhz=80% {2}# .*\/test\.conf:3$/m);
  const printed = join(host.directory, "printed.conf");
  await Bun.write(printed, out);
  expect(host.run("vm-power", "--config", printed, "--check-config").code).toBe(0);
  const values = (text: string) => text.split("\n").map((line) => line.replace(/ {2}# .*$/, ""));
  await host.end("SIGTERM");
  await Bun.write(host.configFile, out);
  host.configure("");
  await host.start();
  expect(values(host.run("vmpowerctl", "config").out)).toEqual(values(out));
});
