import { afterEach, beforeEach, describe, expect, type Mock, spyOn, test } from "bun:test";
import { openLog } from "../../src/daemon/log.ts";

let stderr: Mock<typeof process.stderr.write>;
beforeEach(() => {
  stderr = spyOn(process.stderr, "write").mockImplementation(() => true);
});
afterEach(() => stderr.mockRestore());

/** What was written, as systemd collects it. */
const written = () => stderr.mock.calls.map(([text]) => `${text}`);
const open = () => openLog({ INVOCATION_ID: "1" }, "info");

describe("openLog()", () => {
  test("writes a message as one line without control characters", () => {
    open().notice("vm\u001b[31m\r\n<0>forged\u0000\u007f\u009b\u2028.");
    expect(written()).toEqual(["<5>vm\\x1b[31m\\x0d\\x0a<0>forged\\x00\\x7f\\x9b\\x2028.\n"]);
  });

  test("writes no more lines than its budget allows", () => {
    const log = open();
    for (let i = 0; i < 1000; i++) log.warning(`line ${i}`, { VM: "evil" });
    expect(written().length).toBe(100);
  });

  test("leaves out lines below its level", () => {
    const log = open();
    log.debug("1");
    log.setLevel("debug");
    log.debug("2");
    expect(written()).toEqual(["<7>2\n"]);
  });
});
