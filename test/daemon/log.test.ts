import { beforeEach, describe, expect, test } from "bun:test";
import { openLog } from "../../src/daemon/log.ts";

/** What was written, as systemd collects it. */
let written: string[];
beforeEach(() => {
  written = [];
});
const open = () => openLog({ INVOCATION_ID: "1" }, "info", (text) => void written.push(text));

describe("openLog()", () => {
  test("writes a message as one line without control characters", () => {
    open().notice("vm\u001b[31m\r\n<0>forged\u0000\u007f\u009b\u2028.");
    expect(written).toEqual(["<5>vm\\x1b[31m\\x0d\\x0a<0>forged\\x00\\x7f\\x9b\\x2028.\n"]);
  });

  test("writes no more lines than its budget allows", () => {
    const log = open();
    for (let i = 0; i < 1000; i++) log.warning(`line ${i}`, { VM: "evil" });
    expect(written.length).toBe(100);
  });

  test("leaves out lines below its level", () => {
    const log = open();
    log.debug("1");
    log.setLevel("debug");
    log.debug("2");
    expect(written).toEqual(["<7>2\n"]);
  });
});
