import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Cpu, Event, Load } from "../../src/admin/control-types.ts";
import { MessageCutter } from "../../src/cockpit/message-cutter.ts";
import { SpeedHistory } from "../../src/cockpit/speed-history.ts";
import { scaleOf, stepOf } from "../../src/cockpit/speed-scale.ts";
import { shortened, tilesOf } from "../../src/cockpit/tile.ts";

const CPU: Cpu = {
  pcpu: 0,
  managed: true,
  clock: [0],
  minKhz: 1_000_000,
  maxKhz: 3_000_000,
  currentKhz: 3_000_000,
  setting: "1000000",
  requestedKhz: 1_000_000,
  tableKhz: [3_000_000, 1_000_000],
  turbo: false,
  held: false,
  vcpus: [],
};

test("MessageCutter gives the same messages however the stream is cut", () => {
  const messages = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")));
  fc.assert(
    fc.property(messages, fc.array(fc.nat({ max: 200 })), (sent, cuts) => {
      const bytes = new TextEncoder().encode(sent.map((text) => `${text}\0`).join(""));
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      const cutter = new MessageCutter();
      const got = places
        .slice(1)
        .flatMap((end, i) => cutter.add(bytes.subarray(places[i], end)) ?? ["too long"]);
      expect(got).toEqual(sent);
    }),
  );
});

test("MessageCutter gives up a message that does not end", () => {
  const cutter = new MessageCutter();
  const piece = new Uint8Array(1024 * 1024).fill(32);
  const taken = Array.from({ length: 33 }, () => cutter.add(piece));
  expect([taken.indexOf(undefined), taken[31]]).toEqual([32, []]);
});

test("the scale goes from the slowest to the fastest speed of any CPU, in steps of the same size", () => {
  const scale = scaleOf([CPU, { ...CPU, tableKhz: [5_000_000, 2_000_000] }]);
  expect(scale).toEqual({ minKhz: 1_000_000, maxKhz: 5_000_000 });
  const khz = [900_000, 1_000_000, 1_499_999, 1_500_000, 3_000_000, 4_999_999, 5_000_000, 5_100_000];
  expect(khz.map((each) => stepOf(each, scale))).toEqual([0, 0, 0, 1, 4, 7, 7, 7]);
  expect(scaleOf([])).toEqual({ minKhz: 0, maxKhz: 0 });
});

test("tiles stand by socket and by clock, and say what is real, what is set, who runs there and what limits him", () => {
  const vcpu = {
    vm: "web1",
    vcpu: 0,
    pcpus: [3],
    state: "claims",
    askedKhz: 3_000_000,
    bound: "MaxKhz",
    requests: 1,
  };
  const load: Load = { uptimeMs: 0, vms: [], vcpus: [vcpu] };
  const cpus = [
    { ...CPU, pcpu: 1, clock: [1], socket: 1, managed: false, reason: "in Reserved", currentKhz: undefined },
    { ...CPU, pcpu: 2, clock: [2, 3], socket: 0 },
    { ...CPU, pcpu: 3, clock: [2, 3], socket: 0, held: true, vcpus: ["web1:0", "db1:1"] },
  ];
  const scale = { minKhz: 1_000_000, maxKhz: 3_000_000 };
  const common = { speed: "3.000", step: 7, setStep: 0, kind: "set" } as const;
  expect(tilesOf(cpus, load, scale)).toEqual([
    {
      socket: 0,
      meanKhz: 3_000_000,
      clocks: [
        {
          id: 2,
          tiles: [
            {
              ...common,
              pcpu: 2,
              who: "",
              held: false,
              bounded: false,
              says: "CPU 2; runs at 3.000 GHz; set to 1.000 GHz; no vCPU",
            },
            {
              ...common,
              pcpu: 3,
              who: "web1:0 +1",
              held: true,
              bounded: true,
              says: "CPU 3; runs at 3.000 GHz; set to 1.000 GHz; held by an operator; web1:0, db1:1; web1:0 is limited by MaxKhz",
            },
          ],
        },
      ],
    },
    {
      socket: 1,
      meanKhz: undefined,
      clocks: [
        {
          id: 1,
          tiles: [
            {
              pcpu: 1,
              speed: "–",
              step: undefined,
              setStep: 0,
              who: "",
              kind: "unmanaged",
              held: false,
              bounded: false,
              says: "CPU 1; speed not known; not managed: in Reserved; no vCPU",
            },
          ],
        },
      ],
    },
  ]);
});

test("shortened() keeps the beginning and the end of a long name", () => {
  expect(["web1:0", "instance-00000003:0", "ééééééééééé"].map((name) => shortened(name, 10))).toEqual([
    "web1:0",
    "ins…0003:0",
    "ééé…éééééé",
  ]);
});

test("SpeedHistory joins what the daemon remembers with what is seen, and leaves gaps where nothing is known", () => {
  const history = new SpeedHistory();
  const speed = (atMs: number, pcpu: number, khz?: number): Event => ({
    atMs,
    kind: "speed",
    message: "",
    pcpu,
    khz,
  });
  history.begin([
    speed(10_000, 0, 1_000_000),
    speed(20_000, 2, 3_000_000),
    speed(30_000, 0),
    { atMs: 35_000, kind: "vm", message: "" },
  ]);
  history.add(
    [
      { ...CPU, currentKhz: 2_000_000 },
      { ...CPU, pcpu: 2, clock: [2], requestedKhz: 2_000_000 },
    ],
    40_000,
  );
  // Another session: the page did not look from 50 s on.
  history.begin([speed(10_000, 0, 1_000_000)]);
  expect(history.host(60_000)).toEqual({
    times: [10, 20, 30, 40, 50, 60],
    values: [
      [1, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, 1],
      [null, null, null, 2.5, null, null],
    ],
  });
  const first = new SpeedHistory();
  first.begin([speed(10_000, 0, 1_000_000), speed(20_000, 2, 3_000_000), speed(30_000, 0)]);
  first.add([CPU, { ...CPU, pcpu: 2, clock: [2], requestedKhz: 2_000_000 }], 40_000);
  expect(first.host(40_000).values.slice(0, 3)).toEqual([
    [1, 1, 3, 1],
    [1, 3, 3, 2],
    [1, 2, 3, 1.5],
  ]);
  expect(first.clock(0, 40_000).values).toEqual([[1, 1, null, 1]]);
});
