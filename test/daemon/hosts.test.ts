import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { until } from "./until.ts";

const VMPOWERCTL = join(import.meta.dir, "../../dist/vmpowerctl");
let near: TestHost;
let far: TestHost;

beforeEach(async () => {
  near = makeTestHost({ sections: "[vm web1]\nVcpus=2\n[vm a-long-name]\nVcpus=3\n" });
  far = makeTestHost({ sections: "[vm db]\nVcpus=0,1\n" });
  await Promise.all([near.start(), far.start()]);
  script(
    "ssh",
    `
port=
while [ "$1" != "--" ]; do [ "$1" = -p ] && port=,$2; echo "$1" >> ${near.directory}/options; shift; done
host=$2; shift 2
echo "$*" >> ${near.directory}/commands
[ "$host" = down ] && { printf 'ssh: connect to host down port 22: No route to host\\r\\n' >&2; exit 255; }
[ "$host" = silent ] && exec sleep 60
[ "$host" = many ] && exec cat ${near.directory}/status
[ "$host" = bare ] && { echo 'sh: 1: vmpowerctl: not found' >&2; exit 127; }
PATH=${near.directory}/$host$port:$PATH exec sh -c "$*"`,
  );
  for (const [name, { directory }] of [["near", near] as const, ["root@far", far] as const])
    script(`${name}/vmpowerctl`, `exec ${VMPOWERCTL} --socket ${directory}/run/control.sock "$@"`);
});
afterEach(async () => {
  await near.remove();
  await far.remove();
});

function script(name: string, text: string): void {
  const path = join(near.directory, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function write(name: string, text: string): string {
  const path = join(near.directory, name);
  writeFileSync(path, text);
  return path;
}

const env = () => ({ ...process.env, PATH: `${near.directory}:${process.env["PATH"]}` });
function ctl(...args: readonly string[]): { code: number; out: string; err: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([VMPOWERCTL, ...args], { env: env() });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

describe("vmpowerctl on other hosts", () => {
  test("shows one table with the host in a column", () => {
    expect(ctl("--hosts", "near,root@far", "list")).toEqual({
      code: 0,
      out: `HOST      VM           STATE    SERVED  VCPUS  CHANNELS  CONNECTED  CLAIMS
near      a-long-name  running  yes         1         0          0       0
near      web1         running  yes         1         0          0       0
root@far  db           running  yes         2         0          0       0
`,
      err: "",
    });
    const options = new Set(readFileSync(join(near.directory, "options"), "utf8").trimEnd().split("\n"));
    expect([...options].toSorted()).toEqual(["-T", "-o", "BatchMode=yes", "ConnectTimeout=10"].toSorted());
  });

  test("prefixes output that is not a table with the host, and carries out orders there", () => {
    const { code, out } = ctl("-H", "near", "-H", "root@far", "set-cpu-freq", "2", "min", "--hold");
    expect([code, out]).toEqual([0, "near      CPU 2: 1.200 GHz\nroot@far  CPU 2: 1.200 GHz\n"]);
    expect([near, far].map(({ tree }) => tree.read(2, "scaling_setspeed"))).toEqual(["1200000", "1200000"]);
  });

  test("prints a line of JSON for each host", () => {
    const { code, out } = ctl("--hosts", "near,root@far", "list", "--json");
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([code, lines.map(({ host, exitCode, reply }) => [host, exitCode, reply.vms.length])]).toEqual([
      0,
      [
        ["near", 0, 2],
        ["root@far", 0, 1],
      ],
    ]);
  });

  test("shows the output of the other hosts if some fail, names those with the reason, and ends as the worst", () => {
    const { code, out, err } = ctl("--hosts", "near,down", "list");
    expect([code, out.includes("near  web1"), err]).toEqual([
      1,
      true,
      "down: ssh: connect to host down port 22: No route to host\n",
    ]);
    const missing = ctl("--hosts", "near,root@far", "show-vm", "db");
    expect([missing.code, missing.out.includes("root@far  db  running"), missing.err]).toEqual([
      10,
      true,
      'near: There is no VM "db": vmpowerctl list shows all VMs\n',
    ]);
  });

  test("ends with the exit code that all hosts have in common", () => {
    expect(ctl("--hosts", "near,root@far", "show-vm", "nope").code).toBe(10);
    const { out, code } = ctl("--hosts", "near,root@far", "show-vm", "nope", "--json");
    expect([code, JSON.parse(out.split("\n")[0] ?? "").reply.error]).toEqual([
      10,
      "io.vmpower.Control.NoSuchVm",
    ]);
  });

  test("passes arguments on unchanged, also special characters of shells", () => {
    const evil = "a'b; touch /tmp/pwned $(id) `id` \\ \"";
    const { err } = ctl("-H", "near", "show-vm", evil);
    expect(err).toBe(`near: There is no VM "${evil}": vmpowerctl list shows all VMs\n`);
    expect(ctl("-H", "near", "show-vm", "--", "--json").err).toContain('There is no VM "--json"');
  });

  test("streams events of all hosts, with the host before each", async () => {
    const events = Bun.spawn([VMPOWERCTL, "--hosts", "near,root@far", "events"], {
      env: env(),
      stdout: "pipe",
    });
    let text = "";
    void (async () => {
      for await (const chunk of events.stdout) text += Buffer.from(chunk).toString();
    })();
    await until(() => {
      for (const { run } of [near, far]) run("vmpowerctl", "set-cpu-freq", "1", "max");
      return /^near .*ordered max for CPU 1/m.test(text) && /^root@far .*ordered max for CPU 1/m.test(text);
    });
    await Promise.all([near.end("SIGTERM"), far.end("SIGTERM")]);
    expect([await events.exited, text.match(/exiting: stop/g)?.length]).toEqual([0, 2]);
    // A host that hangs is lost: ssh says so.
    const options = readFileSync(join(near.directory, "options"), "utf8");
    expect(options).toContain("-o\nServerAliveInterval=10\n-o\nServerAliveCountMax=3\n");
  });

  test("shows past events of all hosts as one answer", () => {
    for (const { run } of [near, far]) run("vmpowerctl", "set-cpu-freq", "1", "max");
    const { code, out, err } = ctl("--hosts", "near,root@far", "events", "--since", "1h");
    expect([code, err]).toEqual([0, ""]);
    for (const host of ["near", "root@far"])
      expect(out).toMatch(new RegExp(`^${host} .*ordered max for CPU 1`, "m"));
  });

  test.each([
    ["--hosts -oProxyCommand=x list", '"-oProxyCommand=x" is not a host like web1 or root@web1\n'],
    ["-H a;b list", '"a;b" is not a host like web1 or root@web1\n'],
    ["-H near shell", "shell is for one host: ssh -t near vmpowerctl shell\n"],
    ["--fail-fast list", "--fail-fast is for several hosts: name them with --hosts or --inventory\n"],
    ["--inventory /nowhere list", 'Cannot read the inventory "/nowhere": no such file or directory\n'],
  ])("%s is wrong usage", (command, err) => {
    expect(ctl(...command.split(" "))).toEqual({ code: 2, out: "", err });
  });

  test.each(["list", "events --since 1h", "top --once"])("waits at most --timeout for ssh and %s", (verb) => {
    const startedMs = performance.now();
    expect(ctl("--hosts", "silent", "--timeout", "0.5", ...verb.split(" "))).toEqual({
      code: 5,
      out: "",
      err: "silent: It did not answer within 0.5 s: try a longer --timeout\n",
    });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(readFileSync(join(near.directory, "options"), "utf8")).toContain("ConnectTimeout=1\n");
  });

  test("an empty list, for example from an unset variable, does not mean this host", () => {
    const { code, out, err } = ctl("--hosts", "", "set-cpu-freq", "2", "max");
    expect([code, out, err]).toEqual([2, "", "The list of hosts is empty: name hosts like web1,root@web2\n"]);
  });

  test("reports that ssh is missing", () => {
    const { exitCode, stderr } = Bun.spawnSync([VMPOWERCTL, "-H", "near", "list"], {
      env: { PATH: "/nowhere" },
    });
    expect([exitCode, stderr.toString()]).toEqual([1, "near: There is no ssh: install openssh-client\n"]);
  });

  test("asks the hosts of an inventory by their groups, at their addresses, and shows their names", () => {
    script("root@192.0.2.7,2022/vmpowerctl", `exec ${near.directory}/near/vmpowerctl "$@"`);
    const inventory = write(
      "hosts.ini",
      "[web]\nhv1 ansible_host=192.0.2.7 ansible_user=root ansible_port=2022\n[db]\nroot@far\n",
    );
    const orders = ["--inventory", inventory, "-H", "web", "set-cpu-freq", "2", "min"];
    expect(ctl(...orders)).toEqual({ code: 0, out: "hv1  CPU 2: 1.200 GHz\n", err: "" });
    expect(ctl("--inventory", inventory, "set-cpu-freq", "2", "min").out).toBe(
      "hv1       CPU 2: 1.200 GHz\nroot@far  CPU 2: 1.200 GHz\n",
    );
    expect(ctl("--inventory", inventory, "-H", "mail", "list")).toEqual({
      code: 2,
      out: "",
      err: `There is no host or group "mail" in ${inventory}\n`,
    });
  });

  test("status has one line per host, and one about all", () => {
    far.run("vmpowerctl", "set-cpu-freq", "1", "max");
    const { code, out, err } = ctl("--hosts", "near,down,root@far,bare", "status");
    expect([code, err]).toEqual([1, ""]);
    expect(
      out.replace(/\d+ s/g, "N s").replace(/ +/g, " "),
    ).toBe(`HOST HEALTH VMS CLAIMS CHANNELS CPUS UP PROBLEM
near ok 2 0 0/0 6 N s
down critical - - - - - ssh: connect to host down port 22: No route to host
root@far ok 1 0 0/0 6 N s
bare unknown - - - - - sh: 1: vmpowerctl: not found

4 hosts: 1 critical, 1 unknown
`);
  });

  test("status --nagios is one line with numbers, and the exit status of the worst host", () => {
    expect(ctl("--hosts", "near,down,root@far,bare", "status", "--nagios")).toEqual({
      code: 2,
      out:
        "VM-POWER CRITICAL - 2 of 4 hosts ok; down: ssh: connect to host down port 22: No route to host; " +
        "bare: sh: 1: vmpowerctl: not found | hosts=4;;;0 ok=2;;;0 unknown=1;;;0 warning=0;;;0 critical=1;;;0\n",
      err: "",
    });
    expect(ctl("--hosts", "near,bare", "status", "--nagios").code).toBe(3);
    expect(ctl("--hosts", "near,root@far", "status", "--nagios").code).toBe(0);
  });

  test("--fail-fast asks no more hosts once one has failed", () => {
    const hosts = "near,down,root@far,silent";
    expect(ctl("--hosts", hosts, "--parallel", "1", "--fail-fast", "set-cpu-freq", "2", "min")).toEqual({
      code: 1,
      out: "near  CPU 2: 1.200 GHz\n",
      err: "2 hosts not asked, because another one failed\ndown: ssh: connect to host down port 22: No route to host\n",
    });
  });

  test("asks 500 hosts within 10 s, 64 at a time", () => {
    write("status", near.run("vmpowerctl", "--json", "status").out);
    const inventory = write("fleet", "hv[001:500] ansible_host=many\n");
    const startedMs = performance.now();
    const { code, out } = ctl("--inventory", inventory, "status");
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const lines = out.trimEnd().split("\n");
    expect([code, lines.length, lines.at(-3)?.startsWith("hv500  ok "), lines.at(-1)]).toEqual([
      0,
      503,
      true,
      "500 hosts: all ok",
    ]);
  });
});
