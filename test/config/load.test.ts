import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import type { Config, VmConfig } from "../../src/config/config.ts";
import { type Loaded, loadConfig } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/vm-power-config-`);
  path = `${dir}/vm-power.conf`;
});

afterEach(() => rmSync(dir, { recursive: true }));

const DEFAULTS: Config = {
  daemon: {
    controlSocket: "/run/vm-power/control.sock",
    runtimeDirectory: "/run/vm-power",
    stateDirectory: "/var/lib/vm-power",
    logLevel: "info",
  },
  channels: {
    directory: "/tmp/powermonitor",
    autoAdd: true,
    trustedUsers: ["root", "libvirt-qemu", "qemu"],
    strictDirectory: false,
  },
  cpufreq: {
    root: "/sys/devices/system/cpu",
    managedCpus: "all",
    multiPin: "all",
    multiPinMax: 4,
    onExit: "restore",
    onDrift: "reassert",
  },
  hypervisor: { driver: "libvirt", uri: "qemu:///system", socket: undefined },
  vms: new Map(),
};

const VM_DEFAULTS = {
  vcpus: undefined,
  minKhz: undefined,
  maxKhz: undefined,
  turbo: true,
  query: false,
  physicalCores: false,
  abi: "auto",
} as const;

/** Writes files below the test's directory, loads, and gives problems as an operator reads them, without the path. */
function load(files: Record<string, string | Uint8Array>): { config?: Config; said: string[] } {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(`${dir}/${name}`), { recursive: true });
    writeFileSync(`${dir}/${name}`, content);
  }
  return told(loadConfig(path));
}

function told(loaded: Loaded): { config?: Config; said: string[] } {
  const say = (problem: Parameters<typeof formatProblem>[0]) =>
    formatProblem(problem).replaceAll(`${dir}/`, "");
  if ("problems" in loaded) return { said: loaded.problems.map(say) };
  return { config: loaded.config, said: loaded.warnings.map(say) };
}

test("loadConfig() takes an empty file for the defaults", () => {
  expect(load({ "vm-power.conf": "" })).toEqual({ config: DEFAULTS, said: [] });
});

test("loadConfig() takes the shipped file for the defaults", () => {
  expect(told(loadConfig(`${import.meta.dir}/../../etc/vm-power.conf`))).toEqual({
    config: DEFAULTS,
    said: [],
  });
});

test("loadConfig() misses a file that was named, but not the default one", () => {
  expect(told(loadConfig(path))).toEqual({ said: ["vm-power.conf: No such file"] });
  expect(told(loadConfig(path, { defaultPath: path }))).toEqual({ config: DEFAULTS, said: [] });
});

test("loadConfig() reads every key", () => {
  const file = `
[daemon]
ControlSocket = /srv/c.sock
RuntimeDirectory = /srv/run/
StateDirectory = //srv//state
LogLevel = debug
[channels]
; both comment signs
Directory = /srv/channels
AutoAdd = Off
TrustedUsers = root, 107  qemu qemu
StrictDirectory = 1
[cpufreq]
Root = /srv/cpu
ManagedCpus = 8,0-3
MultiPin = last
MultiPinMax = 2
OnExit = keep
OnDrift = yield
[hypervisor]
Driver = static
Uri = xen:///system
Socket = /srv/virt.sock
[vm web.1 prod]
Vcpus = 3,2,2,8-10
MinKhz = 1200000
MaxKhz = 2300000
Turbo = no
Query = true
PhysicalCores = on
Abi = 456
[vm  a]b=c#d ]
`;
  expect(load({ "vm-power.conf": file.replaceAll("\n", "\r\n") })).toEqual({
    config: {
      daemon: {
        controlSocket: "/srv/c.sock",
        runtimeDirectory: "/srv/run",
        stateDirectory: "/srv/state",
        logLevel: "debug",
      },
      channels: {
        directory: "/srv/channels",
        autoAdd: false,
        trustedUsers: ["root", "107", "qemu"],
        strictDirectory: true,
      },
      cpufreq: {
        root: "/srv/cpu",
        managedCpus: [0, 1, 2, 3, 8],
        multiPin: "last",
        multiPinMax: 2,
        onExit: "keep",
        onDrift: "yield",
      },
      hypervisor: { driver: "static", uri: "xen:///system", socket: "/srv/virt.sock" },
      vms: new Map<string, VmConfig>([
        [
          "web.1 prod",
          {
            vcpus: [3, 2, 2, 8, 9, 10],
            minKhz: 1200000,
            maxKhz: 2300000,
            turbo: false,
            query: true,
            physicalCores: true,
            abi: 456,
          },
        ],
        ["a]b=c#d", VM_DEFAULTS],
      ]),
    },
    said: [],
  });
});

test("loadConfig() lets ControlSocket follow RuntimeDirectory", () => {
  const { config } = load({ "vm-power.conf": "[daemon]\nRuntimeDirectory=/srv/vp" });
  expect(config?.daemon).toEqual({
    ...DEFAULTS.daemon,
    runtimeDirectory: "/srv/vp",
    controlSocket: "/srv/vp/control.sock",
  });
  const deep = `/${"d".repeat(100)}`;
  expect(load({ "vm-power.conf": `[daemon]\nRuntimeDirectory=${deep}` })).toEqual({
    said: [
      `vm-power.conf:2: "${deep.slice(0, 80)}…" is too long for a socket's path ` +
        "(set ControlSocket, or a shorter RuntimeDirectory)",
    ],
  });
});

test("loadConfig() reads drop-ins in the order of their names, key by key", () => {
  expect(
    load({
      "vm-power.conf": "[vm web1]\nMinKhz=1000000\nQuery=yes\n[hypervisor]\nSocket=/a",
      "vm-power.conf.d/20-b.conf": "[vm web1]\nMaxKhz=2000000\n[hypervisor]\nSocket=",
      "vm-power.conf.d/10-a.conf": "[vm web1]\nMaxKhz=1500000\nTurbo=no",
      "vm-power.conf.d/.hidden.conf": "nonsense",
      "vm-power.conf.d/README": "nonsense",
    }),
  ).toEqual({
    config: {
      ...DEFAULTS,
      vms: new Map<string, VmConfig>([
        ["web1", { ...VM_DEFAULTS, minKhz: 1000000, maxKhz: 2000000, turbo: false, query: true }],
      ]),
    },
    said: [],
  });
});

test("loadConfig() collects all problems, with file, line and what was meant", () => {
  expect(
    load({
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
OnExit=keep # when it stops
ManagedCpus=
ManagedCpus=5-2
[VM web1]
[vm]
[vm a/b]
[vm  web1]
[vm web1]
Vcpus=2,x
MinKhz=3GHz
Abi="464"
PhysicalCores=yes
PhysicalCores=no
`,
      "vm-power.conf.d/a.conf": "[hypervisor]\nDriver=Static\nUri=qemu\nSocket=run/x\n=5\n",
    }),
  ).toEqual({
    said: [
      'vm-power.conf:1: Key "LogLevel" before any [section] (it belongs in [daemon])',
      "vm-power.conf:2: Unknown section [deamon] (did you mean [daemon]?)",
      'vm-power.conf:4: Unknown key "Dirctory" in [channels] (did you mean "Directory"?)',
      'vm-power.conf:5: AutoAdd="maybe" is not yes or no',
      'vm-power.conf:6: Unknown key "autoadd" in [channels] (did you mean "AutoAdd"?)',
      'vm-power.conf:7: Unknown key "OnExit" in [channels] (it belongs in [cpufreq])',
      'vm-power.conf:8: "StrictDirectory: yes" is neither [section], Key=Value nor a comment ' +
        "(write StrictDirectory=… with an equals sign)",
      "vm-power.conf:9: Section [channels] stands in line 3 and again in line 9",
      'vm-power.conf:10: Section "[cpufreq" does not end with "]"',
      'vm-power.conf:12: MultiPin="lst" is not one of all, last, reject (did you mean "last"?)',
      'vm-power.conf:13: MultiPinMax="0" is not a whole number from 1 to 1024',
      'vm-power.conf:14: OnExit="keep # when it stops" is not one of restore, keep, max ' +
        "(comments stand on lines of their own)",
      "vm-power.conf:15: ManagedCpus has no value (the default is ManagedCpus=all)",
      'vm-power.conf:16: Key "ManagedCpus" stands in line 15 and again in line 16',
      "vm-power.conf:17: Unknown section [VM web1] (did you mean [vm web1]?)",
      "vm-power.conf:18: Unknown section [vm] (a VM's section is called [vm NAME])",
      'vm-power.conf:19: VM name "a/b" holds a "/"',
      "vm-power.conf:21: Section [vm web1] stands in line 20 and again in line 21",
      'vm-power.conf:22: Vcpus="2,x" is not the CPU (below 8192) of vCPU 0, of vCPU 1 and so on, like 2,3 or 2-5',
      'vm-power.conf:23: MinKhz="3GHz" is not a whole number from 1 to 100000000',
      'vm-power.conf:24: Abi="\\"464\\"" is not one of auto, 16, 456, 460, 464 (values are written without quotes)',
      'vm-power.conf:26: Key "PhysicalCores" stands in line 25 and again in line 26',
      'vm-power.conf.d/a.conf:2: Driver="Static" is not one of libvirt, static (did you mean "static"?)',
      'vm-power.conf.d/a.conf:3: Uri="qemu" is not a libvirt URI like qemu:///system',
      'vm-power.conf.d/a.conf:4: Socket="run/x" is not an absolute path, starting with "/"',
      'vm-power.conf.d/a.conf:5: No key before "=" in "=5"',
    ],
  });
});

test("loadConfig() compares keys with each other", () => {
  const files = { "vm-power.conf": "[vm web1]\nMinKhz=2", "vm-power.conf.d/a.conf": "[vm web1]\nMaxKhz=1" };
  expect(load(files)).toEqual({
    said: [
      'vm-power.conf:2: warning: MinKhz of VM "web1" is 2 kHz, slower than any CPU (speeds are in kHz, like 2300000)',
      'vm-power.conf.d/a.conf:2: warning: MaxKhz of VM "web1" is 1 kHz, slower than any CPU ' +
        "(speeds are in kHz, like 2300000)",
      'vm-power.conf.d/a.conf:2: VM "web1" has MinKhz=2 above MaxKhz=1 (MinKhz stands in vm-power.conf:2)',
    ],
  });
});

test("loadConfig() warns of a static hypervisor that knows no VM, and of Vcpus that nobody reads", () => {
  expect(load({ "vm-power.conf": "[hypervisor]\nDriver=static\n[vm web1]\nQuery=yes" })).toEqual({
    config: {
      ...DEFAULTS,
      hypervisor: { ...DEFAULTS.hypervisor, driver: "static" },
      vms: new Map<string, VmConfig>([["web1", { ...VM_DEFAULTS, query: true }]]),
    },
    said: [
      "vm-power.conf:2: warning: Driver=static, but no [vm NAME] says with Vcpus where a VM runs " +
        "(no guest can be served)",
    ],
  });
  expect(load({ "vm-power.conf": "[vm web1]\nVcpus=2" }).said).toEqual([
    'vm-power.conf:2: warning: Vcpus of VM "web1" is not used with Driver=libvirt (libvirt knows where its vCPUs run)',
  ]);
});

test("loadConfig() refuses what is no file, and what is too long", () => {
  mkdirSync(path);
  expect(told(loadConfig(path))).toEqual({ said: ["vm-power.conf: Not a regular file"] });
  rmSync(path, { recursive: true });
  Bun.spawnSync(["mkfifo", path]);
  expect(told(loadConfig(path))).toEqual({ said: ["vm-power.conf: Not a regular file"] });
  rmSync(path);
  expect(load({ "vm-power.conf": new Uint8Array(3 * 1024 * 1024).fill(0x23) })).toEqual({
    said: ["vm-power.conf: The file has more than 1048576 bytes"],
  });
  expect(load({ "vm-power.conf": `#${" ".repeat(32 * 1024)}` })).toEqual({
    said: ["vm-power.conf:1: The line has 32769 bytes, more than 32768"],
  });
  expect(load({ "vm-power.conf": "", "vm-power.conf.d": "x" })).toEqual({
    said: ["vm-power.conf.d: Cannot list the directory: ENOTDIR"],
  });
});

test.skipIf(process.getuid?.() === 0)(
  "loadConfig() says that it may not read a file (skipped for root, who may)",
  () => {
    writeFileSync(path, "");
    chmodSync(path, 0);
    expect(told(loadConfig(path))).toEqual({ said: ["vm-power.conf: Cannot open the file: EACCES"] });
  },
);
