import { describe, expect, test } from "bun:test";
import type { Load } from "../../src/admin/control-types.ts";
import { type Look, pressed } from "../../src/ctl/top/keys.ts";
import { chosenRows, momentOf, type Row } from "../../src/ctl/top/rows.ts";
import { drawMoment } from "../../src/ctl/top/view.ts";
import type { Screen } from "../../src/terminal/io.ts";
import { styleFor } from "../../src/terminal/io.ts";
import { LOAD } from "../admin/sample-control.ts";
import { ctl, ctlWith } from "./harness.ts";

const plain = styleFor({ isTty: false, env: {} } as never);
const BY_NAME = { sort: "vm", reversed: false, filter: "" } as const;
const later: Load = {
  ...LOAD,
  uptimeMs: 3000,
  vms: LOAD.vms.map((vm) => ({ ...vm, requests: vm.requests + 100, refused: vm.refused + 5 })),
  vcpus: LOAD.vcpus.map((vcpu) => ({ ...vcpu, requests: vcpu.requests === 0 ? 0 : vcpu.requests + 100 })),
};

test("momentOf() computes rates from two samples, and none from one sample or across a restart", () => {
  const rates = (now: Load, before?: Load) => {
    const { rows, requestsPerSecond, refusedPerSecond } = momentOf(now, before);
    return [rows.map(({ perSecond }) => perSecond), requestsPerSecond, refusedPerSecond];
  };
  expect(rates(later, LOAD)).toEqual([[50, 0], 50, 2.5]);
  expect(rates(LOAD)).toEqual([[0, 0], 0, 0]);
  expect(rates(LOAD, later)).toEqual([[0, 0], 0, 0]);
});

test("chosenRows() sorts by each key, both ways, and filters by name, state and limit", () => {
  const row = (vm: string, vcpu: number, more: Partial<Row> = {}): Row =>
    ({ vm, vcpu, pcpus: [9 - vcpu], state: "silent", requests: 0, perSecond: 0, drops: 0, ...more }) as Row;
  const rows = [
    row("b", 0, { perSecond: 5, askedKhz: 1 }),
    row("a", 1, { bound: "MaxKhz", p99Us: 3 }),
    row("a", 0, { state: "claims", drops: 2 }),
  ];
  const names = (choice: object) =>
    chosenRows(rows, { ...BY_NAME, ...choice }).map(({ vm, vcpu }) => `${vm}${vcpu}`);
  expect(names({})).toEqual(["a0", "a1", "b0"]);
  expect(names({ reversed: true })).toEqual(["b0", "a1", "a0"]);
  expect(names({ sort: "cpu" })).toEqual(["a1", "a0", "b0"]);
  expect(names({ sort: "requests" })).toEqual(["b0", "a0", "a1"]);
  expect(names({ sort: "p99" })[0]).toBe("a1");
  expect(names({ sort: "drops" })[0]).toBe("a0");
  expect([names({ filter: "B" }), names({ filter: "maxk" }), names({ filter: "claims" })]).toEqual([
    ["b0"],
    ["a1"],
    ["a0"],
  ]);
});

describe("drawMoment()", () => {
  test("looks as it does at 80 x 24", () => {
    const frame = { choice: BY_NAME, style: plain, columns: 80, rows: 24, foot: "q quit" };
    const lines = drawMoment(momentOf(later, LOAD), frame);
    expect(lines.slice(0, 7)).toEqual([
      "vm-power, up 3 s: 1 VM, 2 vCPUs, 1 with a claim; GHz, by vm",
      "50 requests/s, 2.5 refused/s, 3 dropped, worst p99 10.2 us",
      "",
      "VM     VCPU CPU   ASKED GRANT   NOW LIMIT      REQ/S DROPS  P99us STATE",
      "web.1     0 2     1.200 2.300 2.298 db:0          50     3   10.2 claims",
      "web.1     1 0-5       -  base     - -              0     3   10.2 not-pinned",
      "",
    ]);
    expect([lines.length, lines.at(-1)]).toEqual([24, "q quit"]);
  });

  test("fits any size with any name, and shows no control sequences", () => {
    const evil = `\x1b[2J${"名".repeat(100)}`;
    const vcpus = Array.from({ length: 200 }, (_, vcpu) => ({ ...later.vcpus[0], vcpu, vm: evil }));
    const moment = momentOf({ ...later, vcpus } as Load, LOAD);
    for (const [columns, rows] of [
      [80, 24],
      [20, 5],
      [200, 3],
      [1, 1],
    ] as const) {
      const lines = drawMoment(moment, {
        choice: BY_NAME,
        style: plain,
        columns,
        rows,
        offset: 7,
        foot: "x",
      });
      expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThanOrEqual(Math.max(rows, 6));
      expect(lines.join("")).not.toMatch(/\p{Cc}/u);
    }
  });

  test("draws 4,000 vCPUs quickly", () => {
    const vcpus = Array.from({ length: 4000 }, (_, i) => ({
      ...later.vcpus[0],
      vm: `vm${i % 977}`,
      vcpu: i,
    }));
    const beganMs = performance.now();
    const frame = { choice: { ...BY_NAME, sort: "requests" as const }, style: plain, columns: 80, rows: 24 };
    for (let i = 0; i < 10; i++) drawMoment(momentOf({ ...later, vcpus } as Load, later), frame);
    expect((performance.now() - beganMs) / 10).toBeLessThan(100);
  });
});

test("handles the keys that sort, filter, scroll and quit", () => {
  const start: Look = { ...BY_NAME, offset: 0, typing: false, help: false, over: false };
  const after = (...keys: string[]) =>
    keys.reduce((look, key) => pressed(look, key, { page: 10, rows: 35 }), start);
  expect(after("r")).toMatchObject({ sort: "requests", reversed: false });
  expect(after("r", "r")).toMatchObject({ sort: "requests", reversed: true });
  expect(after("s")).toMatchObject({ sort: "cpu" });
  expect(after("i")).toMatchObject({ reversed: true });
  expect(after("down", "down", "up").offset).toBe(1);
  expect([after("end").offset, after("end", "pageUp").offset, after("pageUp").offset]).toEqual([25, 15, 0]);
  expect(after("/", "w", "q", "1", "backspace", "enter")).toMatchObject({
    filter: "wq",
    typing: false,
    over: false,
  });
  expect(after("/", "w", "escape").filter).toBe("");
  expect([after("q").over, after("/", "close").over, after("x").over]).toEqual([true, true, false]);
  expect(["?", "h"].map((key) => after(key))).toEqual([
    { ...start, help: true },
    { ...start, help: true },
  ]);
  expect([after("?", "resize").help, after("h", "r"), after("?", "q").over]).toEqual([true, start, true]);
  expect(after("/", "h", "?").filter).toBe("h?");
});

describe("top", () => {
  test("--once shows a table with rates", async () => {
    let looks = 0;
    const GetLoad = () => (looks++ === 0 ? LOAD : later);
    const { code, out, err } = await ctlWith({ GetLoad }, "top --once --sort vm --interval 0.2");
    expect([code, err, looks]).toEqual([0, "", 2]);
    expect(out.split("\n")[4]).toBe(
      "web.1     0 2     1.200 2.300 2.298 db:0          50     3   10.2 claims",
    );
  });

  test("--batch goes on until the reader of the output is gone", async () => {
    const stop = new AbortController();
    let tables = 0;
    const stdout = {
      write(text: string) {
        if (text.startsWith("vm-power") && ++tables === 3) stop.abort();
      },
    };
    const { code } = await ctlWith({}, "top --batch --interval 0.2", { stdout, signal: stop.signal });
    expect([code, tables]).toEqual([0, 3]);
  });

  test.each([
    [
      "top --sort speed",
      '--sort: "speed" is not one of vm, cpu, asked, granted, actual, requests, drops, p99, state\n',
    ],
    ["top --interval 0.1", '--interval: "0.1" is not a number of seconds from 0.2 to 3600\n'],
    ["top --interval x", '--interval: "x" is not a number of seconds from 0.2 to 3600\n'],
  ])("%s is wrong usage", async (command, err) => {
    expect(await ctl(`--socket /nowhere ${command}`)).toEqual({ code: 2, out: "", err });
  });

  test("h explains keys and columns on one screen, and any key goes back", async () => {
    const drawn: string[][] = [];
    const keys = ["h", "x", "q"];
    const screen: Screen = {
      size: { columns: 80, rows: 24 },
      draw: (lines) => void drawn.push([...lines]),
      next: async () => keys.shift(),
      close: () => {},
    };
    await ctlWith({}, "top", { isTty: true, openScreen: () => screen, env: { NO_COLOR: "1" } });
    expect(drawn[0]).toEqual(drawn[2] ?? []);
    const help = drawn[1] ?? [];
    expect([help[0], help.at(-1), help.length <= 24]).toEqual(["Keys", "Any key goes back", true]);
    expect(help.filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
  });

  test("uses the whole screen, handles keys, reports a lost daemon, and restores the screen", async () => {
    const drawn: string[][] = [];
    let closed = false;
    const keys = ["r", "resize", undefined, "q"];
    const screen: Screen = {
      size: { columns: 80, rows: 10 },
      draw: (lines) => void drawn.push([...lines]),
      next: async () => keys.shift(),
      close: () => {
        closed = true;
      },
    };
    let looks = 0;
    const GetLoad = () => {
      if (looks++ > 0) throw new Error("planted");
      return LOAD;
    };
    const { code, out } = await ctlWith({ GetLoad }, "top --sort vm", {
      isTty: true,
      openScreen: () => screen,
    });
    expect([code, out, closed]).toEqual([0, "", true]);
    expect(drawn.map((lines) => lines[0]?.split("by ")[1])).toEqual([
      "vm",
      "requests",
      "requests",
      "requests",
    ]);
    expect(drawn.at(-1)?.at(-1)).toContain("A fault of vm-power: see its log");
  });
});
