import { expect, test } from "bun:test";
import { physicalCpus } from "../../src/cpufreq/xen/physical-cpus.ts";
import { XenPm } from "../../src/cpufreq/xen/pm.ts";
import { XenDomains } from "../../src/hypervisor/xen/hypercalls.ts";
import { encodeRequest, textsOf, XS, XsFramer } from "../../src/hypervisor/xen/xenstore-wire.ts";
import { openXenControl, type XenControl } from "../../src/os/xen/control.ts";
import { RecordedXen } from "./recorded-xen.ts";

function control(): XenControl {
  const opened = openXenControl(() => ({ ok: true, value: new RecordedXen() }));
  if (!opened.ok) throw new Error(opened.why);
  return opened.value;
}

test("a real Xen 4.17: its version, its command line and its CPUs", () => {
  const xen = control();
  expect(xen.commandLine()).toBe("console=com1 com1=115200 cpufreq=xen:userspace dom0_mem=2G");
  expect(physicalCpus(xen)).toEqual({ count: 2, onlineCount: 2, cores: ["0:0", "0:1"] });
});

test("a real Xen 4.17: cpufreq of a CPU, after it told the sizes of the arrays", () => {
  const pm = new XenPm(control());
  const seen = (pcpu: number) => {
    const errno = pm.look(pcpu);
    const { driver, governor, currentKhz, minKhz, maxKhz, pcpus, speeds, governors } = pm;
    return { errno, driver, governor, currentKhz, minKhz, maxKhz, pcpus, speeds, governors };
  };
  const both = {
    errno: undefined,
    driver: "acpi-cpufreq",
    governor: "userspace",
    minKhz: 1_200_000,
    maxKhz: 2_301_000,
    speeds: [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000],
    governors: ["userspace", "performance", "powersave", "ondemand"],
  };
  expect([seen(0), seen(1)]).toEqual([
    { ...both, currentKhz: 2_300_000, pcpus: [0] },
    { ...both, currentKhz: 1_700_000, pcpus: [1] },
  ]);
  expect(pm.look(2)).toBe("EINVAL");
});

test("a real Xen 4.17: its domains, their vCPUs, affinity and pools", () => {
  const xen = new XenDomains(control());
  expect(xen.list(0)).toEqual({
    ok: true,
    value: {
      domains: [
        {
          id: 0,
          uuid: "0".repeat(32),
          isDying: false,
          isPaused: false,
          shutdown: undefined,
          highestVcpu: 1,
          cpupool: 0,
        },
      ],
      next: undefined,
    },
  });
  expect(xen.vcpu(0, 1)).toEqual({
    online: true,
    blocked: false,
    running: true,
    cpuTimeNs: 219_186_988_369,
    pcpu: 1,
  });
  expect([xen.affinity(0, 0), xen.affinity(0, 1), xen.affinity(0, 2)]).toEqual([[0, 1], [0, 1], undefined]);
  expect([xen.pool(0), xen.pool(1)]).toEqual([new Set([0, 1]), undefined]);
});

test("xenstored of Debian 12: a watch and its first event, and a directory that is not there", () => {
  const released = "4072656c65617365446f6d61696e00";
  // What xenstore-watch and xenstore-ls sent, apart from the token and the number of the request.
  expect(Buffer.from(encodeRequest(XS.watch, 0, ["@releaseDomain", "@releaseDomain"])).toString("hex")).toBe(
    `0400000000000000000000001e000000${released}${released}`,
  );
  const framer = new XsFramer();
  const messages = framer.push(
    Buffer.from(
      "040000000000000000000000030000004f4b00" +
        `0f00000000000000000000001e000000${released}${released}` +
        "10000000000000000000000007000000454e4f454e5400",
      "hex",
    ),
  );
  expect(messages?.map(({ type, payload }) => [type, textsOf(payload)])).toEqual([
    [XS.watch, ["OK"]],
    [XS.watchEvent, ["@releaseDomain", "@releaseDomain"]],
    [XS.error, ["ENOENT"]],
  ]);
});
