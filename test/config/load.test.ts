import { expect, test } from "bun:test";
import type { VmConfig } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigDirectory, DEFAULTS, VM_DEFAULTS } from "./harness.ts";

test("loadConfig() returns the defaults for an empty file", () => {
  using at = new ConfigDirectory();
  expect(at.load({ "vm-power.conf": "" })).toEqual({ config: DEFAULTS, said: [] });
});

test("loadConfig() returns the defaults for the shipped file", () => {
  using at = new ConfigDirectory();
  expect(at.told(loadConfig(`${import.meta.dir}/../../etc/vm-power.conf`))).toEqual({
    config: DEFAULTS,
    said: [],
  });
});

test("loadConfig() requires a named file, but not the default one", () => {
  using at = new ConfigDirectory();
  expect(at.told(loadConfig(at.path))).toEqual({
    said: ["vm-power.conf: There is no such file: make it, or name another one"],
  });
  expect(at.told(loadConfig(at.path, { defaultPath: at.path }))).toEqual({ config: DEFAULTS, said: [] });
});

test("loadConfig() reads every key", () => {
  using at = new ConfigDirectory();
  const file = `
[daemon]
ControlSocket = /srv/c.sock
MonitorSocket = /srv/m.sock
MonitorAccess = everyone
RuntimeDirectory = /srv/run/
StateDirectory = //srv//state
LogLevel = debug
[channels]
; both comment signs
Directory = /srv/channels
AutoAdd = Off
TrustedUsers = root, 107  qemu qemu
Fifos = yes
StrictDirectory = 1
[cpufreq]
Root = /srv/cpu
ManagedCpus = 8,0-3
Reserved = 0-1
Parked = governor powersave,ondemand
ParkAfterSec = 5
MultiPin = last
MultiPinMax = 2
OnExit = keep
OnDrift = yield
DryRun = yes
[hypervisor]
Driver = static
Uri = xen:///system
Socket = /srv/virt.sock
Metadata = no
Containers = yes
[metrics]
Textfile = /srv/vm-power.prom
Interval = 60
Listen = [::]:9101
AllowRemote = yes
[energy]
Meters = package-0, power_meter/power1
Powercap = /srv/powercap
Hwmon = /srv/hwmon
Interval = 30
[schedule]
TimeZone = Asia/Tokyo
[vm web.1 prod]
Vcpus = 3,2,2,8-10
MinKhz = 1200000
MaxKhz = 2300000
Turbo = no
Query = true
PhysicalCores = on
DryRun = on
Abi = 456
[vm  a]b=c#d ]
`;
  expect(at.load({ "vm-power.conf": file.replaceAll("\n", "\r\n") })).toEqual({
    config: {
      daemon: {
        controlSocket: "/srv/c.sock",
        monitorSocket: "/srv/m.sock",
        monitorAccess: "everyone",
        runtimeDirectory: "/srv/run",
        stateDirectory: "/srv/state",
        historyMegabytes: 16,
        logLevel: "debug",
      },
      channels: {
        directory: "/srv/channels",
        autoAdd: false,
        trustedUsers: ["root", "107", "qemu"],
        strictDirectory: true,
        fifos: true,
      },
      cpufreq: {
        root: "/srv/cpu",
        managedCpus: [0, 1, 2, 3, 8],
        reserved: [0, 1],
        parked: { governors: ["powersave", "ondemand"] },
        parkAfterSec: 5,
        multiPin: "last",
        multiPinMax: 2,
        onExit: "keep",
        onDrift: "yield",
        dryRun: true,
      },
      hypervisor: {
        driver: "static",
        uri: "xen:///system",
        socket: "/srv/virt.sock",
        metadata: false,
        containers: true,
      },
      metrics: {
        textfile: "/srv/vm-power.prom",
        interval: 60,
        listen: { hostname: "::", port: 9101 },
        allowRemote: true,
      },
      energy: {
        meters: ["package-0", "power_meter/power1"],
        powercap: "/srv/powercap",
        hwmon: "/srv/hwmon",
        interval: 30,
      },
      schedule: { timeZone: "Asia/Tokyo" },
      vms: new Map<string, VmConfig>([
        [
          "web.1 prod",
          {
            ...VM_DEFAULTS,
            vcpus: [3, 2, 2, 8, 9, 10],
            minKhz: 1200000,
            maxKhz: 2300000,
            turbo: false,
            query: true,
            physicalCores: true,
            dryRun: true,
            attachAtStart: false,
            abi: 456,
          },
        ],
        ["a]b=c#d", VM_DEFAULTS],
      ]),
    },
    said: [
      'vm-power.conf:28: warning: VM "a]b=c#d" has no Vcpus, which Driver=static needs (its guest is not served)',
      "vm-power.conf:14: warning: Fifos=yes, but no [app NAME] has a list of CPUs (no FIFO is read: set Cpus=2-5 there)",
    ],
  });
});

test("loadConfig() lets the sockets follow RuntimeDirectory", () => {
  using at = new ConfigDirectory();
  const { config } = at.load({ "vm-power.conf": "[daemon]\nRuntimeDirectory=/srv/vp" });
  expect(config?.daemon).toEqual({
    ...DEFAULTS.daemon,
    runtimeDirectory: "/srv/vp",
    controlSocket: "/srv/vp/control.sock",
    monitorSocket: "/srv/vp/monitor.sock",
  });
  const deep = `/${"d".repeat(100)}`;
  expect(at.load({ "vm-power.conf": `[daemon]\nRuntimeDirectory=${deep}` })).toEqual({
    said: [
      `vm-power.conf:2: "${deep.slice(0, 80)}…" is too long for a socket's path ` +
        "(set ControlSocket, or a shorter RuntimeDirectory)",
    ],
  });
});

test("loadConfig() lets the last of many drop-ins win, in whatever order they were made", () => {
  using at = new ConfigDirectory();
  const made = Array.from({ length: 50 }, (_, index) => 10 + ((index * 37) % 50));
  const files = made.map((number) => [`vm-power.conf.d/${number}.conf`, `[cpufreq]\nMultiPinMax=${number}`]);
  expect(at.load({ "vm-power.conf": "", ...Object.fromEntries(files) }).config?.cpufreq.multiPinMax).toBe(59);
});

test("loadConfig() reads drop-ins in the order of their names, key by key", () => {
  using at = new ConfigDirectory();
  expect(
    at.load({
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

test.each([
  ["/srv/a", "/srv/a"],
  ["/srv/a # where QEMU makes them", "/srv/a"],
  ["/srv/a;comment", "/srv/a"],
  ["/srv/a\\#1", "/srv/a#1"],
  ["/srv/a\\;1\\\\2", "/srv/a;1\\2"],
  ['"/srv/a # b"', "/srv/a # b"],
  ['  "/srv/a\\u0020b"  ', "/srv/a b"],
  ["'/srv/a ; b'", "/srv/a ; b"],
  ['"/srv/a', '"/srv/a'],
])("loadConfig() reads the value %j as ini does", (written, value) => {
  using at = new ConfigDirectory();
  const told = at.load({ "vm-power.conf": `[channels]\nDirectory=${written}\n` });
  if (value.startsWith("/")) expect(told.config?.channels.directory).toBe(value);
  else expect(told.said).toEqual([expect.stringContaining(`Directory=${JSON.stringify(value)} is not`)]);
});

test("loadConfig() parses a quoted value by the type of its key", () => {
  using at = new ConfigDirectory();
  const file =
    "[cpufreq]\nMultiPinMax='7'\nDryRun=\"yes\"\nManagedCpus='3' # and no other\n[vm a]\nAbi='464'\nMinKhz=\"\"\n";
  const { config, said } = at.load({ "vm-power.conf": file });
  expect(said).toEqual([
    expect.stringMatching(
      /^vm-power.conf:4: ManagedCpus="'3'" is not .* \(no comment may follow a value in quotes\)$/,
    ),
  ]);
  expect(config).toBeUndefined();
  const sound = at.load({ "vm-power.conf": file.replace(" # and no other", "") });
  expect(sound.config?.cpufreq).toMatchObject({ multiPinMax: 7, dryRun: true, managedCpus: [3] });
  expect(sound.config?.vms.get("a")).toMatchObject({ abi: 464, minKhz: undefined });
});

test("loadConfig() refuses control characters, also escaped ones", () => {
  using at = new ConfigDirectory();
  expect(at.load({ "vm-power.conf": '[channels]\nDirectory="/srv/a\\u0007"\n' }).said).toEqual([
    'vm-power.conf:2: The value of "Directory"contains a control character: "/srv/a\\u0007"',
  ]);
});
