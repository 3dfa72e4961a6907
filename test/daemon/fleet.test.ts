import { describe, expect, test } from "bun:test";
import { twoHosts } from "./two-hosts.ts";

const hosts = twoHosts();
const { ctl, script, write } = hosts;

describe("vmpowerctl on many hosts", () => {
  test("asks the hosts of an inventory by their groups, at their addresses, and shows their names", () => {
    script("root@192.0.2.7,2022/vmpowerctl", `exec ${hosts.near.directory}/near/vmpowerctl "$@"`);
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
    hosts.far.run("vmpowerctl", "set-cpu-freq", "1", "max");
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
    write("status", hosts.near.run("vmpowerctl", "--json", "status").out);
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
