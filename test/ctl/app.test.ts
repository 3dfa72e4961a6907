import { expect, test } from "bun:test";
import { ctl, ctlWith } from "./harness.ts";

test("apps shows what each application wants, and who is not heard", async () => {
  const { code, out } = await ctlWith({}, "apps");
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replace(/ {2,}/g, "  ").trim())).toEqual([
    "APPLICATION  CPU  ASKED  WANTS  GRANTED  ENDS IN",
    "app/redis/1000  2  max  2.301 GHz  2.300 GHz  90 s",
    "app/redis/1001  -  nothing  -  -  -",
    "app/web/33  -  not heard  -  -  8 s",
    "",
  ]);
  expect((await ctlWith({ ListAskers: () => ({ askers: [] }) }, "apps")).out).toBe(
    "No application has asked for anything\n",
  );
});

test("apps says which FIFOs are not read, and why", async () => {
  const fifos = [
    { cpu: 2, path: "/tmp/powermonitor/fifo2", reason: "is not a FIFO" },
    { cpu: 3, path: "/tmp/powermonitor/fifo3" },
    { cpu: 4, path: "/a/fifo4", reason: "can be written by everyone", remedy: "chmod o-w fifo4" },
  ];
  expect((await ctlWith({ ListAskers: () => ({ askers: [], fifos }) }, "apps")).out).toBe(
    [
      "No application has asked for anything",
      "",
      '! "/tmp/powermonitor/fifo2" is not read: it is not a FIFO',
      '! "/a/fifo4" is not read: it can be written by everyone',
      "  → chmod o-w fifo4",
      "",
    ].join("\n"),
  );
});

test("end-app says nothing if it is done, and the reason if it is not", async () => {
  expect(await ctlWith({}, "end-app app/redis/1000")).toEqual({ code: 0, out: "", err: "" });
  expect(await ctlWith({}, "end-app app/x/1")).toEqual({ code: 1, out: "", err: "no\n" });
});

test.each([
  ["request fast", '"fast" is not one of up, down, min, max, turbo, no-turbo, release\n'],
  ["request release --cpus 2", "request release ends everything: leave out --cpus and --for\n"],
  ["request max --cpus x", '--cpus: "x" is not a list of CPUs like 2-5,8, with numbers below 8192\n'],
])("%s is a wrong usage", async (command, err) => {
  expect(await ctl(command)).toEqual({ code: 2, out: "", err });
});
