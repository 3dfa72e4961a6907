import { describe, expect, test } from "bun:test";
import { decode } from "../../src/wire/decode.ts";
import { judgePolicy } from "../../src/wire/judge-policy.ts";
import { policyFaultText } from "../../src/wire/policy-fault.ts";
import { policyRule } from "../../src/wire/policy-rule.ts";

const SIZES = [456, 460, 464] as const;

/** The fields of PKT_POLICY that a case sets. */
interface Fields {
  readonly macs?: readonly string[];
  readonly macCount?: number;
  readonly avg?: number;
  readonly max?: number;
  readonly vcpus?: readonly number[];
  readonly vcpuCount?: number;
  readonly busy?: readonly number[];
  readonly quiet?: readonly number[];
  readonly traffic?: readonly number[];
  readonly workload?: number;
  readonly type?: number;
}

/** A packet, field by field at the offsets of vm-power-protocol(7), "Layout of a request". */
function packet(size: number, fields: Fields): Uint8Array {
  const bytes = Buffer.alloc(size);
  const { macs = [], vcpus = [0], busy = [], quiet = [], traffic = [] } = fields;
  bytes.writeUInt32LE(3, 12); // PKT_POLICY
  bytes.write("another-vm", 16); // vm_name
  for (const [i, mac] of macs.entries()) bytes.write(mac.replaceAll(":", ""), 48 + 8 * i, "hex"); // vfid
  bytes.writeInt32LE(fields.macCount ?? macs.length, 128); // nb_mac_to_monitor
  bytes.writeUInt32LE(fields.avg ?? 0, 136); // avg_max_packet_thresh
  bytes.writeUInt32LE(fields.max ?? 0, 140); // max_max_packet_thresh
  for (const [i, vcpu] of vcpus.entries()) bytes[144 + i] = vcpu; // vcpu_to_control
  bytes[152] = fields.vcpuCount ?? vcpus.length; // num_vcpu
  for (const [i, hour] of busy.entries()) bytes.writeInt32LE(hour, 156 + 4 * i); // busy_hours
  for (const [i, hour] of quiet.entries()) bytes.writeInt32LE(hour, 252 + 4 * i); // quiet_hours
  for (const [i, hour] of traffic.entries()) bytes.writeInt32LE(hour, 348 + 4 * i); // hours_to_use_traffic_profile
  const workloadAt = size === 456 ? 444 : 448;
  bytes.writeUInt32LE(fields.workload ?? 0, workloadAt); // workload
  bytes.writeUInt32LE(fields.type ?? 1, workloadAt + 4); // policy_to_use
  return new Uint8Array(bytes);
}

function read(bytes: Uint8Array) {
  const request = decode(bytes);
  if (request.kind !== "set-policy") return request.kind;
  return judgePolicy(request.policy) ?? policyRule(request.policy) ?? "by branch ratio";
}

/** The plan as the hours that each part of it has. */
function hoursOf(fields: Fields) {
  const rule = read(packet(464, fields));
  if (typeof rule === "string" || !("kind" in rule) || rule.kind !== "time")
    throw new Error(`Expected a policy by time, not ${JSON.stringify(rule)}`);
  const { plan } = rule;
  const of = (what: string) => plan.flatMap((part, hour) => (part === what ? [hour] : []));
  return { max: of("max"), min: of("min"), traffic: of("traffic") };
}

const MAC = "52:54:00:12:34:56";

describe.each(SIZES)("in a packet of %d bytes", (size) => {
  test("a policy of each type is read", () => {
    const plan = new Array(24).fill(undefined);
    plan[3] = "max";
    plan[11] = "min";
    plan[8] = "traffic";
    const traffic = { macs: [MAC], avgPackets: 96_000, maxPackets: 4_000_000_000 };
    const thresholds = { macs: [MAC], avg: 96_000, max: 4_000_000_000 };
    expect([
      read(packet(size, { type: 0, ...thresholds })),
      read(packet(size, { type: 1, ...thresholds, busy: [3], quiet: [11], traffic: [8] })),
      ...[0, 1, 2].map((workload) => read(packet(size, { type: 2, workload }))),
      read(packet(size, { type: 3 })),
    ]).toEqual([
      { kind: "traffic", traffic },
      { kind: "time", plan, traffic },
      { kind: "workload", speed: "max" },
      { kind: "workload", speed: "medium" },
      { kind: "workload", speed: "min" },
      "by branch ratio",
    ]);
  });

  test("counts beyond their arrays, which kill the peer, have a code (S1, S2)", () => {
    expect([
      read(packet(size, { type: 0, macCount: 100_000 })),
      read(packet(size, { type: 0, macCount: 11 })),
      read(packet(size, { type: 1, macCount: -1 })),
      read(packet(size, { vcpuCount: 255 })),
      read(packet(size, { vcpuCount: 9 })),
      read(packet(size, { vcpus: [], vcpuCount: 0 })),
    ]).toEqual([
      { code: "mac-count", count: 100_000 },
      { code: "mac-count", count: 11 },
      { code: "mac-count", count: -1 },
      { code: "vcpu-count", count: 255 },
      { code: "vcpu-count", count: 9 },
      { code: "no-vcpu" },
    ]);
  });

  test("values that no release has are refused with a code (R17)", () => {
    expect([
      read(packet(size, { type: 4 })),
      read(packet(size, { type: 0xffff_ffff })),
      read(packet(size, { type: 2, workload: 3 })),
      read(packet(size, { type: 0 })),
      read(packet(size, { type: 0, macs: [MAC], avg: 3, max: 2 })),
    ]).toEqual([
      { code: "unknown-type", type: 4 },
      { code: "unknown-type", type: 0xffff_ffff },
      { code: "unknown-workload", workload: 3 },
      { code: "no-mac" },
      { code: "crossed-thresholds", avgPackets: 3, maxPackets: 2 },
    ]);
  });
});

test("each fault is told as the end of a sentence about the policy, with what was sent and what fits", () => {
  const faults = [
    read(packet(464, { vcpus: [], vcpuCount: 0 })),
    read(packet(464, { vcpuCount: 9 })),
    read(packet(464, { macCount: 11 })),
    read(packet(464, { type: 0 })),
    read(packet(464, { type: 4 })),
    read(packet(464, { type: 2, workload: 3 })),
    read(packet(464, { type: 0, macs: [MAC], avg: 3, max: 2 })),
  ];
  expect(faults.map((fault) => policyFaultText(fault as Parameters<typeof policyFaultText>[0]))).toEqual([
    "names no vCPU",
    "names 9 vCPUs, at most 8 fit",
    "names 11 MAC addresses, at most 10 fit",
    "depends on traffic and names no MAC address",
    "has the unknown type 4",
    "has the unknown workload 3",
    "has an average threshold (3) above the maximum (2)",
  ]);
});

test("thresholds that are equal, and the most vCPUs and addresses that fit, are no fault", () => {
  const most = { vcpus: [0, 1, 2, 3, 4, 5, 6, 7], macs: new Array(10).fill(MAC), type: 0, avg: 2, max: 2 };
  const request = decode(packet(464, most));
  expect(request.kind === "set-policy" ? judgePolicy(request.policy) : request).toBeUndefined();
});

describe("the hours of a day", () => {
  test("zeros behind the last hour are padding, and hour 0 can be said (R18)", () => {
    expect([
      hoursOf({ busy: [3, 4, 5], quiet: [11, 12, 13], traffic: [8, 10] }),
      hoursOf({}),
      hoursOf({ busy: [0, 23] }),
      hoursOf({ traffic: [1] }),
      hoursOf({ quiet: [23, 0, 0, 0] }),
      // vm-power-guest fills up with -1, so a zero before it is meant.
      hoursOf({ quiet: [0, ...new Array(23).fill(-1)] }),
      hoursOf({ busy: Array.from({ length: 24 }, (_, hour) => hour) }).max,
    ]).toEqual([
      { max: [3, 4, 5], min: [11, 12, 13], traffic: [8, 10] },
      { max: [], min: [], traffic: [] },
      { max: [0, 23], min: [], traffic: [] },
      { max: [], min: [], traffic: [1] },
      { max: [], min: [23], traffic: [] },
      { max: [], min: [0], traffic: [] },
      Array.from({ length: 24 }, (_, hour) => hour),
    ]);
  });

  test("of two slots for one hour the lower index counts, and at the same index busy before quiet before traffic", () => {
    expect([
      hoursOf({ busy: [1, 2], quiet: [2, 1] }),
      hoursOf({ busy: [7], quiet: [7], traffic: [7] }),
      hoursOf({ quiet: [9], traffic: [9] }),
    ]).toEqual([
      { max: [1], min: [2], traffic: [] },
      { max: [7], min: [], traffic: [] },
      { max: [], min: [9], traffic: [] },
    ]);
  });

  test("hours that are none are left out: old releases send what was on their stack", () => {
    const stack = [24, -2, 0x7fff_ffff, -0x8000_0000, 21_845, 0];
    expect(hoursOf({ busy: [3, ...stack], quiet: [...stack, 4] })).toEqual({
      max: [3],
      min: [0, 4],
      traffic: [],
    });
  });
});

test("a packet of 16 bytes holds no policy", () => {
  expect(read(packet(464, {}).slice(0, 16))).toBe("malformed");
});
