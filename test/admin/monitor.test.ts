import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { type CallName, METHODS, type MethodName } from "../../src/admin/control.ts";
import { CONTROL, MONITOR } from "../../src/admin/control-interface.ts";
import type { Struct } from "../../src/admin/idl.ts";
import { type ControlServer, serveControl } from "../../src/admin/server.ts";
import { eventually, OPERATOR, recordingLog, serve } from "./harness.ts";
import { rawClient } from "./raw-client.ts";
import { sampleControl } from "./sample-control.ts";
import { sampleStruct } from "./sample-values.ts";

const dir = mkdtempSync(`${tmpdir()}/vm-power-monitor-`);
afterAll(() => rmSync(dir, { recursive: true }));
const NAMES = Object.keys(METHODS) as MethodName[];
const [CHANGES, LOOKS] = [true, false].map((mutates) =>
  NAMES.filter((name) => METHODS[name].mutates === mutates),
) as [CallName[], MethodName[]];

let server: ControlServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Calls every method of an interface with valid parameters; returns the errors by method. */
async function callAll(path: string, face: string, names: readonly string[]): Promise<Map<string, string>> {
  const errors = new Map<string, string>();
  for (const name of names) {
    const client = await rawClient(path);
    const parameters = sampleStruct(CONTROL.methods.get(name)?.parameters as Struct);
    client.send(`${JSON.stringify({ method: `${face}.${name}`, parameters, more: name === "Subscribe" })}\0`);
    if (name !== "Subscribe") {
      const [reply] = (await client.replies(1)) as { error?: string }[];
      errors.set(name, reply?.error ?? "");
    }
    client.leave();
  }
  return errors;
}

describe("the monitor socket", () => {
  async function monitored(everyone = false) {
    const path = `${dir}/monitor.sock`;
    const called: string[] = [];
    const control = sampleControl();
    const spied = Object.fromEntries(
      NAMES.map((name) => [
        name,
        (...args: never[]) => {
          called.push(name);
          return (control[name] as (...args: never[]) => unknown)(...args);
        },
      ]),
    );
    server = await serveControl({
      path,
      control: spied as unknown as typeof control,
      peerOf: () => ({ ...OPERATOR, uid: 0 }),
      log: recordingLog(),
      version: "1",
      looksOnly: true,
      everyone,
    });
    return { path, called };
  }

  test("lets nobody change anything by any method, not even root", async () => {
    const { path, called } = await monitored();
    const errors = await callAll(path, CONTROL.name, NAMES);
    const denied = [...errors].filter(([, error]) => error === "org.varlink.service.PermissionDenied");
    expect(denied.map(([name]) => name)).toEqual(CHANGES);
    await eventually(() => called.includes("Subscribe"));
    expect(called.toSorted()).toEqual(LOOKS.toSorted());
  });

  test("describes the methods that it offers, and no others", async () => {
    const { path } = await monitored();
    const errors = await callAll(path, MONITOR.name, NAMES);
    const unknown = [...errors].filter(([, error]) => error === "org.varlink.service.MethodNotFound");
    expect(unknown.map(([name]) => name)).toEqual(CHANGES);
    expect(errors.get("ShowVm")).toBe("io.vmpower.Monitor.NoSuchVm");
  });

  test.each([
    [false, 0o660],
    [true, 0o666],
  ])("with everyone: %p has mode %o", async (everyone, mode) => {
    const { path } = await monitored(everyone);
    expect(statSync(path).mode & 0o777).toBe(mode);
  });
});

test("io.vmpower.Monitor has exactly the methods of io.vmpower.Control that change nothing", () => {
  expect([...MONITOR.methods.keys()]).toEqual(
    [...CONTROL.methods.keys()].filter((name) => LOOKS.includes(name as MethodName)),
  );
  for (const [name, method] of MONITOR.methods)
    expect(method).toEqual(CONTROL.methods.get(name) as typeof method);
  expect([MONITOR.types, MONITOR.errors]).toEqual([CONTROL.types, CONTROL.errors]);
  expect(MONITOR.doc).not.toContain("steer");
});

test("the control socket offers both interfaces, and lets its users change things", async () => {
  const served = await serve();
  const errors = await callAll(served.path, CONTROL.name, NAMES);
  expect([...errors.values()].filter((error) => error.endsWith("PermissionDenied"))).toEqual([]);
  expect((await callAll(served.path, MONITOR.name, ["GetStatus", "AddVm"])).get("AddVm")).toBe(
    "org.varlink.service.MethodNotFound",
  );
  await served.close();
});
