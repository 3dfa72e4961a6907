import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { VmConfig } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigDirectory, DEFAULTS, VM_DEFAULTS } from "./harness.ts";

test("loadConfig() collects all problems, with file, line and what was meant", () => {
  using at = new ConfigDirectory();
  expect(
    at.load({
      "vm-power.conf": `LogLevel=info
[deamon]
[channels]
Dirctory=/tmp/x
AutoAdd=maybe
autoadd=yes
OnExit=keep
StrictDirectory: yes
[channels]
[cpufreq
[cpufreq]
MultiPin=lst
MultiPinMax=0
OnExit=kep # when it stops
ManagedCpus=
ManagedCpus=5-2
[VM web1]
[vm]
[vm a/b]
[vm  web1]
[vm web1]
Vcpus=2,x
MinKhz=3 GHZ!
Abi="46\\t4"
PhysicalCores=yes
PhysicalCores=no
`,
      "vm-power.conf.d/a.conf": "[hypervisor]\nDriver=Static\nUri=qemu\nSocket=run/x\n=5\n",
    }),
  ).toEqual({
    said: [
      'vm-power.conf:1: Key "LogLevel" stands before any [section] (it belongs in [daemon])',
      "vm-power.conf:2: Unknown section [deamon] (did you mean [daemon]?)",
      'vm-power.conf:4: Unknown key "Dirctory" in [channels] (did you mean "Directory"?)',
      'vm-power.conf:5: AutoAdd="maybe" is not yes or no',
      'vm-power.conf:6: Unknown key "autoadd" in [channels] (did you mean "AutoAdd"?)',
      'vm-power.conf:7: Unknown key "OnExit" in [channels] (it belongs in [cpufreq])',
      'vm-power.conf:8: "StrictDirectory: yes" is neither [section], Key=Value nor a comment ' +
        "(write StrictDirectory=… with an equals sign)",
      "vm-power.conf:9: Section [channels] stands in line 3 and again in line 9 (keep one of them)",
      'vm-power.conf:10: Section "[cpufreq" does not end with "]"',
      'vm-power.conf:12: MultiPin="lst" is not one of all, last, reject (did you mean "last"?)',
      'vm-power.conf:13: MultiPinMax="0" is not a whole number from 1 to 1024',
      'vm-power.conf:14: OnExit="kep" is not one of restore, keep, max (did you mean "keep"?)',
      "vm-power.conf:15: ManagedCpus has no value (the default is ManagedCpus=all)",
      'vm-power.conf:16: Key "ManagedCpus" stands in line 15 and again in line 16 (keep one of them)',
      "vm-power.conf:17: Unknown section [VM web1] (did you mean [vm web1]?)",
      "vm-power.conf:18: Unknown section [vm] (a VM's section is called [vm NAME])",
      'vm-power.conf:19: No VM can be called "a/b": it contains a "/" (write the name that the hypervisor shows)',
      "vm-power.conf:21: Section [vm web1] stands in line 20 and again in line 21 (keep one of them)",
      'vm-power.conf:22: Vcpus="2,x" is not the CPU (below 8192) of vCPU 0, of vCPU 1 and so on, like 2,3 or 2-5',
      'vm-power.conf:23: MinKhz="3 GHZ!" is not a speed up to 100000000 kHz like 2300000, 2.3GHz or 2300MHz, a part like 60%, or none',
      'vm-power.conf:24: Abi="46\\t4" is not one of auto, 16, 456, 460, 464',
      'vm-power.conf:26: Key "PhysicalCores" stands in line 25 and again in line 26 (keep one of them)',
      'vm-power.conf.d/a.conf:2: Driver="Static" is not one of auto, libvirt, xen, qemu, static (did you mean "static"?)',
      'vm-power.conf.d/a.conf:3: Uri="qemu" is not a libvirt URI like qemu:///system',
      'vm-power.conf.d/a.conf:4: Socket="run/x" is not an absolute path, starting with "/"',
      'vm-power.conf.d/a.conf:5: No key before "=" in "=5"',
    ],
  });
});

test("loadConfig() does not know the names of Object.prototype as keys", () => {
  using at = new ConfigDirectory();
  const file = "[daemon]\nconstructor=1\n__proto__=2\n[__proto__]\n[constructor]\n[vm __proto__]\ntoString=3";
  expect(at.load({ "vm-power.conf": file }).said.map((line) => line.split(" (")[0])).toEqual([
    'vm-power.conf:2: Unknown key "constructor" in [daemon]',
    'vm-power.conf:3: Unknown key "__proto__" in [daemon]',
    "vm-power.conf:4: Unknown section [__proto__]",
    "vm-power.conf:5: Unknown section [constructor]",
    'vm-power.conf:7: Unknown key "toString" in [vm __proto__]',
  ]);
});

test.each([["5-2"], ["8192"], ["1,,2"], ["1-"], ["-1"], ["0-8191"], ["1\\;2"]])(
  "loadConfig() refuses %s as Vcpus",
  (text) => {
    using at = new ConfigDirectory();
    expect(at.load({ "vm-power.conf": `[vm a]\nVcpus=${text}` })).toEqual({
      said: [expect.stringContaining(`vm-power.conf:2: Vcpus="${text.replace("\\", "")}" is not `)],
    });
  },
);

test("loadConfig() compares keys with each other", () => {
  using at = new ConfigDirectory();
  const files = { "vm-power.conf": "[vm web1]\nMinKhz=2", "vm-power.conf.d/a.conf": "[vm web1]\nMaxKhz=1" };
  expect(at.load(files)).toEqual({
    said: [
      'vm-power.conf:2: warning: MinKhz of VM "web1" is 2 kHz, slower than any CPU (speeds are in kHz, like 2300000)',
      'vm-power.conf.d/a.conf:2: warning: MaxKhz of VM "web1" is 1 kHz, slower than any CPU ' +
        "(speeds are in kHz, like 2300000)",
      'vm-power.conf.d/a.conf:2: MinKhz=2 of VM "web1" is above its MaxKhz=1 (MinKhz stands in vm-power.conf:2)',
    ],
  });
});

test("loadConfig() warns of Driver=static without a VM, and of Vcpus that are not used", () => {
  using at = new ConfigDirectory();
  expect(at.load({ "vm-power.conf": "[hypervisor]\nDriver=static\n[vm web1]\nQuery=yes" })).toEqual({
    config: {
      ...DEFAULTS,
      hypervisor: { ...DEFAULTS.hypervisor, driver: "static" },
      vms: new Map<string, VmConfig>([["web1", { ...VM_DEFAULTS, query: true }]]),
    },
    said: [
      "vm-power.conf:2: warning: Driver=static, but no [vm NAME] has Vcpus " + "(no guest can be served)",
    ],
  });
  expect(at.load({ "vm-power.conf": "[vm web1]\nVcpus=2" }).said).toEqual([
    'vm-power.conf:2: warning: Vcpus of VM "web1" is not used with Driver=libvirt (libvirt knows where its vCPUs run)',
  ]);
});

test("loadConfig() refuses a path that is not a file, and a file that is too long", () => {
  using at = new ConfigDirectory();
  mkdirSync(at.path);
  expect(at.told(loadConfig(at.path))).toEqual({ said: ["vm-power.conf: This is not a regular file"] });
  rmSync(at.path, { recursive: true });
  Bun.spawnSync(["mkfifo", at.path]);
  expect(at.told(loadConfig(at.path))).toEqual({ said: ["vm-power.conf: This is not a regular file"] });
  rmSync(at.path);
  expect(at.load({ "vm-power.conf": new Uint8Array(3 * 1024 * 1024).fill(0x23) })).toEqual({
    said: ["vm-power.conf: The file has more than 1048576 bytes"],
  });
  expect(at.load({ "vm-power.conf": `#${" ".repeat(32 * 1024)}` })).toEqual({
    said: ["vm-power.conf:1: The line has 32769 bytes, more than 32768"],
  });
  expect(at.load({ "vm-power.conf": "", "vm-power.conf.d": "x" })).toEqual({
    said: ["vm-power.conf.d: Cannot list the directory: a part of the path is not a directory"],
  });
});

test.skipIf(process.getuid?.() === 0)(
  "loadConfig() reports a file that it may not read (skipped for root)",
  () => {
    using at = new ConfigDirectory();
    writeFileSync(at.path, "");
    chmodSync(at.path, 0);
    expect(at.told(loadConfig(at.path))).toEqual({ said: ["vm-power.conf: Cannot open the file: EACCES"] });
  },
);

test("Listen must be an address of this host without AllowRemote=yes", () => {
  using at = new ConfigDirectory();
  const said = (section: string) => at.load({ "vm-power.conf": `[metrics]\n${section}` }).said;
  expect(said("Listen=0.0.0.0:9101")).toEqual([
    "vm-power.conf:2: Listen: other hosts can reach 0.0.0.0 (to allow that, set AllowRemote=yes; there is no authentication)",
  ]);
  expect(said("Listen=0.0.0.0:9101\nAllowRemote=yes")).toEqual([]);
  expect(said("Listen=[::1]:9101")).toEqual([]);
  for (const wrong of ["9101", "127.0.0.1", "example.org:80", "127.0.0.1:0", "127.0.0.1:99999"])
    expect(said(`Listen=${wrong}`)).toEqual([
      `vm-power.conf:2: Listen="${wrong}" is not an address and a port like 127.0.0.1:9101 or [::1]:9101`,
    ]);
});

test("ControlSocket and MonitorSocket must differ", () => {
  using at = new ConfigDirectory();
  const file = "[daemon]\nControlSocket=/run/a.sock\nMonitorSocket=/run/a.sock";
  expect(at.load({ "vm-power.conf": file }).said).toEqual([
    'vm-power.conf:3: MonitorSocket is "/run/a.sock", as ControlSocket is (to have no monitor socket, set MonitorAccess=off)',
  ]);
});

test("loadConfig() refuses a section for an impossible VM name", () => {
  using at = new ConfigDirectory();
  const long = `${"é".repeat(125)}x`;
  const shown = `"${"é".repeat(80)}…"`;
  expect(at.load({ "vm-power.conf": `[vm a/b]\n[vm ${long}]\n` })).toEqual({
    said: [
      'vm-power.conf:1: No VM can be called "a/b": it contains a "/" (write the name that the hypervisor shows)',
      `vm-power.conf:2: No VM can be called ${shown}: it has more than 250 bytes (write the name that the hypervisor shows)`,
    ],
  });
  expect(at.load({ "vm-power.conf": `[vm ${"é".repeat(125)}]\n` }).said).toEqual([]);
});

test("loadConfig() warns of a static map in which VMs share CPUs or have none", () => {
  using at = new ConfigDirectory();
  const file = `[hypervisor]
Driver=static
[vm a]
Vcpus=2-4
[vm b]
Turbo=no
[vm c]
[vm d]
Vcpus=1,3,4,4
`;
  expect(at.load({ "vm-power.conf": file }).said).toEqual([
    'vm-power.conf:6: warning: VM "b" has no Vcpus, which Driver=static needs (its guest is not served)',
    'vm-power.conf:2: warning: VM "c" has no Vcpus, which Driver=static needs (its guest is not served)',
    'vm-power.conf:9: warning: VM "d" shares CPU 3-4 with VM "a" (the higher request takes effect there)',
  ]);
});

test("loadConfig() warns of CPUs and users that the host does not have", () => {
  using at = new ConfigDirectory();
  const host = {
    root: (root: string) =>
      root === "/sys/devices/system/cpu"
        ? { pcpus: new Set([0, 1, 2, 3]), hasCpufreq: true, problem: undefined }
        : { pcpus: new Set<number>(), hasCpufreq: false, problem: "there is no such directory" },
    hasUser: (user: string) => user === "root",
  };
  const map = "[hypervisor]\nDriver=static\n[vm a]\nVcpus=2-5\n";
  at.load({ "vm-power.conf": `[channels]\nTrustedUsers=root qemux\n${map}[cpufreq]\nReserved=3-4\n` });
  expect(at.told(loadConfig(at.path, { host })).said).toEqual([
    "vm-power.conf:8: warning: Reserved names CPU 4, which this host does not have (it has 0-3)",
    'vm-power.conf:2: warning: TrustedUsers names "qemux", a user that this host does not have ' +
      "(the name has no effect; see /etc/passwd)",
    'vm-power.conf:6: warning: Vcpus of VM "a" names CPU 4-5, which this host does not have (it has 0-3)',
  ]);
  // The default names users of several distributions; and a root without CPUs is another fault.
  at.load({ "vm-power.conf": `${map}[cpufreq]\nRoot=/nowhere\n` });
  expect(at.told(loadConfig(at.path, { host })).said).toEqual([
    'vm-power.conf:6: Root="/nowhere": there is no such directory (the kernel\'s is /sys/devices/system/cpu)',
  ]);
});

test("loadConfig() warns of a host without cpufreq", () => {
  using at = new ConfigDirectory();
  const host = {
    root: () => ({ pcpus: new Set([0, 1]), hasCpufreq: false, problem: undefined }),
    hasUser: () => true,
  };
  at.load({ "vm-power.conf": "" });
  expect(at.told(loadConfig(at.path, { host })).said).toEqual([
    'vm-power.conf: warning: Root="/sys/devices/system/cpu": no CPU has cpufreq, so no clock can be changed ' +
      "(enable it in the firmware, or load the kernel's driver for these CPUs)",
  ]);
});
