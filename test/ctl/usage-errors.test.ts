import { expect, test } from "bun:test";
import { ctl, ctlWith, type Ran } from "./harness.ts";

const LONG = "x".repeat(300);
const SHOWN = `"${"x".repeat(80)}…"`;

const usage = (sentence: string): Ran => ({ code: 2, out: "", err: `${sentence}\n` });

test.each([
  ["foo", 'There is no command "foo": vmpowerctl --help lists the commands'],
  ["--foo", 'vmpowerctl has no option "--foo": vmpowerctl --help lists its options'],
  ["status --foo", 'status has no option "--foo": vmpowerctl status --help lists its options'],
  ["list --channels=yes", '--channels takes no value: leave out "=yes"'],
  ["--json=yes list", '--json takes no value: leave out "=yes"'],
  ["status x", 'status does not take "x": write vmpowerctl status [options]'],
  ["show-vm a b c", 'show-vm does not take "b": write vmpowerctl show-vm [options] <vm>'],
  ["help a b", 'help does not take "b": write vmpowerctl help [options] [command]'],
  [
    "set-cpu-freq 2",
    "set-cpu-freq lacks its argument <speed>: write vmpowerctl set-cpu-freq [options] <cpus> <speed>",
  ],
  ["set-cpu-freq 2 max --reason", "--reason lacks its value: write --reason <text>"],
  ["-H", "--host lacks its value: write --host <host>"],
  [`foo${LONG}`, `There is no command "foo${"x".repeat(77)}…": vmpowerctl --help lists the commands`],
])("what the command line lacks or has too much is named: %s", async (command, sentence) => {
  expect(await ctl(command)).toEqual(usage(sentence));
});

test.each([
  ["--timeout 0 list", '--timeout: "0" is not a number of seconds above 0, at most 3600'],
  ["--socket= list", '--socket: "" is not the path of a socket: it has 1 to 107 bytes'],
  [
    `--socket /${"x".repeat(107)} list`,
    `--socket: "/${"x".repeat(79)}…" is not the path of a socket: it has 1 to 107 bytes`,
  ],
  ["--parallel 0 list", '--parallel: "0" is not a number of hosts from 1 to 256'],
  ["--parallel 2 list", "--parallel is for several hosts: name them with --hosts or --inventory"],
  ["set-cpu-freq 2 max --for 10", '--for: "10" is not a time like 30s, 10m, 2h or 7d, at most a year'],
  ["run --cpus x -- true", '--cpus: "x" is not a list of CPUs like 2-5,8, with numbers below 8192'],
  ["run -- true", "run needs --cpus: name CPUs like --cpus 2-5"],
  ["metrics --format xml", '--format: "xml" is not one of openmetrics, prometheus'],
  ["attach-channels a --vcpus x", '--vcpus: "x" is not a list of vCPUs like 0-3, with numbers below 4096'],
  ["attach-channels a --json", "attach-channels with --json cannot ask: add --yes"],
  ["energy --since soon", '--since: "soon" is not a time like 30s, 10m, 2h or 7d, at most a year'],
  ["record x --seconds 0", '--seconds: "0" is not a number of seconds above 0, at most 3600'],
  ["why 2 --at 9999-01-01", '--at: "9999-01-01" is still to come: name a time that has passed'],
  ["events --since 9999-01-01", '--since: "9999-01-01" is still to come: name a time that has passed'],
  ["events --since 1h --until 2h", "--since 1h is not before --until 2h: name an earlier time"],
  ["top --once --batch", "--once ends after one table and --batch never: leave out one of them"],
  ["set-cpu-freq 2 release --for 2h", "release takes effect at once: leave out --for"],
  [
    "doctor --root /nowhere",
    '--root: there is no directory "/nowhere": name the one that holds etc and sys of a host',
  ],
])("a wrong option is named, and its value: %s", async (command, sentence) => {
  const { code, out, err } = await ctl(command);
  const json = command.includes("--json")
    ? `${JSON.stringify({ error: "vmpowerctl.usage", parameters: { message: sentence } })}\n`
    : "";
  expect({ code, out, err }).toEqual({ ...usage(sentence), out: json });
});

test.each([
  [["show-vm", ""], "The name of the VM is empty: vmpowerctl list shows all VMs"],
  [["show-vm", LONG], `${SHOWN} is too long for the name of a VM: at most 250 bytes are possible`],
  [["why", "x".repeat(50_000)], "The arguments have 50000 bytes: shorten them to at most 49152"],
  [["set-query", "web1", LONG], `${SHOWN} is neither "enable" nor "disable"`],
])("an argument that is empty or too long is shortened in its error, case %#", async (command, sentence) => {
  expect(await ctlWith({}, command)).toEqual(usage(sentence));
});

test("a value that only the daemon judges is described", async () => {
  expect(await ctlWith({}, ["state", "x".repeat(513)])).toEqual({
    code: 1,
    out: "",
    err: 'vm-power does not accept this value of "state": it is a text of at most 512 bytes\n',
  });
});

test("the arguments of a command that is run may be long", async () => {
  const command = ["--socket", "/nowhere", "run", "--cpus", "2", "--", "true", "x".repeat(50_000)];
  expect((await ctl(command)).code).toBe(3);
});

test("channel-config --apply without a definition is an error of JSON too", async () => {
  const config = { text: "x", defined: false, present: [], missing: [0] };
  const { code, out, err } = await ctlWith(
    { GetChannelConfig: () => config },
    "channel-config web1 --apply --yes --json",
  );
  const message = 'libvirt has no definition of VM "web1" to add to: virsh list --all lists those it has';
  expect([code, err]).toEqual([10, `${message}\n`]);
  expect(JSON.parse(out)).toEqual({ error: "vmpowerctl.failed", parameters: { message } });
});

test("--json behind -- is a word of the command that is run, not an option", async () => {
  expect((await ctl("run --cups 2 -- jq --json")).out).toBe("");
});
