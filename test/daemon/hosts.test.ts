import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { twoHosts, VMPOWERCTL } from "./two-hosts.ts";
import { until } from "./until.ts";

const hosts = twoHosts();
const { ctl, env } = hosts;

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
    const options = new Set(
      readFileSync(join(hosts.near.directory, "options"), "utf8").trimEnd().split("\n"),
    );
    expect([...options].toSorted()).toEqual(["-T", "-o", "BatchMode=yes", "ConnectTimeout=10"].toSorted());
  });

  test("prefixes output that is not a table with the host, and carries out orders there", () => {
    const { code, out } = ctl("-H", "near", "-H", "root@far", "set-cpu-freq", "2", "min", "--hold");
    expect([code, out]).toEqual([0, "near      CPU 2: 1.200 GHz\nroot@far  CPU 2: 1.200 GHz\n"]);
    expect([hosts.near, hosts.far].map(({ tree }) => tree.read(2, "scaling_setspeed"))).toEqual([
      "1200000",
      "1200000",
    ]);
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

  test("says in JSON why a host gave no reply", () => {
    const { out, code } = ctl("--hosts", "silent", "--timeout", "0.5", "--json", "list");
    expect([code, JSON.parse(out)]).toEqual([
      5,
      { host: "silent", exitCode: 5, why: "It did not answer within 0.5 s: try a longer --timeout" },
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
      for (const { run } of [hosts.near, hosts.far]) run("vmpowerctl", "set-cpu-freq", "1", "max");
      return /^near .*ordered max for CPU 1/m.test(text) && /^root@far .*ordered max for CPU 1/m.test(text);
    });
    await Promise.all([hosts.near.end("SIGTERM"), hosts.far.end("SIGTERM")]);
    expect([await events.exited, text.match(/exiting: stop/g)?.length]).toEqual([0, 2]);
    // A host that hangs is lost: ssh says so.
    const options = readFileSync(join(hosts.near.directory, "options"), "utf8");
    expect(options).toContain("-o\nServerAliveInterval=10\n-o\nServerAliveCountMax=3\n");
  });

  test("shows past events of all hosts as one answer", () => {
    for (const { run } of [hosts.near, hosts.far]) run("vmpowerctl", "set-cpu-freq", "1", "max");
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
    expect(readFileSync(join(hosts.near.directory, "options"), "utf8")).toContain("ConnectTimeout=1\n");
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
});
