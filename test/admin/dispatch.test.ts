import { expect, test } from "bun:test";
import type { Caller } from "../../src/admin/caller.ts";
import { judgeCall, logFailure } from "../../src/admin/dispatch.ts";
import { describe } from "../../src/admin/idl-parser.ts";
import type { Method } from "../../src/admin/interface.ts";
import type { Log, LogFields } from "../../src/base/log.ts";
import { OPERATOR } from "./harness.ts";

const description = describe(`interface a.b
method Look(cpu: ?int) -> ()
method Change(cpu: int) -> ()
method Watch() -> ()
method Later() -> ()`);
const single = (mutates: boolean): Method => ({ kind: "single", mutates, call: () => ({ parameters: {} }) });
const methods = new Map<string, Method>([
  ["Look", single(false)],
  ["Change", single(true)],
  ["Watch", { kind: "stream", mutates: false, open: () => () => {} }],
]);

function judge(
  method: string,
  parameters: Record<string, unknown> = {},
  { more = false, looksOnly = false }: { more?: boolean; looksOnly?: boolean } = {},
): unknown {
  const caller: Caller = { ...OPERATOR, looksOnly };
  const call = { kind: "call", method, parameters, oneway: false, more } as const;
  const judged = judgeCall(call, caller, new Map([["a.b", { description, methods }]]));
  return judged.ok ? [judged.value.name, judged.value.parameters] : Object.values(judged.why).flat();
}

const error = (name: string, parameters: object) => [`org.varlink.service.${name}`, parameters];

test("judgeCall() finds the method of an interface, or says what there is not", () => {
  expect([
    judge("Look"),
    judge(".Look"),
    judge(""),
    judge("a.Look"),
    judge("a.b.c.Look"),
    judge("a.b.Nothing"),
    judge("a.b.Later"),
    judge("a.b.Look"),
  ]).toEqual([
    error("MethodNotFound", { method: "Look" }),
    error("MethodNotFound", { method: ".Look" }),
    error("MethodNotFound", { method: "" }),
    error("InterfaceNotFound", { interface: "a" }),
    error("InterfaceNotFound", { interface: "a.b.c" }),
    error("MethodNotFound", { method: "a.b.Nothing" }),
    error("MethodNotImplemented", { method: "a.b.Later" }),
    ["Look", {}],
  ]);
});

test("judgeCall() lets no caller change anything who may only look", () => {
  expect([
    judge("a.b.Change", { cpu: 1 }, { looksOnly: true }),
    judge("a.b.Look", {}, { looksOnly: true }),
    judge("a.b.Change", { cpu: 1 }),
  ]).toEqual([error("PermissionDenied", {}), ["Look", {}], ["Change", { cpu: 1 }]]);
});

test("judgeCall() names the parameter that is wrong, missing, unknown or out of bounds; null is absent", () => {
  expect([
    judge("a.b.Change"),
    judge("a.b.Change", { cpu: "1" }),
    judge("a.b.Change", { cpu: 8192 }),
    judge("a.b.Look", { cpus: [1] }),
    judge("a.b.Look", { cpu: null }),
  ]).toEqual([
    error("InvalidParameter", { parameter: "cpu" }),
    error("InvalidParameter", { parameter: "cpu" }),
    error("InvalidParameter", { parameter: "cpu" }),
    error("InvalidParameter", { parameter: "cpus" }),
    ["Look", {}],
  ]);
});

test("judgeCall() wants a caller of a stream to expect more", () => {
  expect([
    judge("a.b.Watch"),
    judge("a.b.Watch", {}, { more: true }),
    judge("a.b.Look", {}, { more: true }),
  ]).toEqual([error("ExpectedMore", {}), ["Watch", {}], ["Look", {}]]);
});

/** The lines of a call that ended so. */
function logged(outcome: { error?: string; parameters: object }, parameters: object = {}) {
  const lines: unknown[] = [];
  const notice = (message: string, fields?: LogFields) => void lines.push([message, fields]);
  const unexpected = () => void lines.push("another level");
  const log: Log = { error: unexpected, warning: unexpected, notice, info: unexpected, debug: unexpected };
  logFailure(log, { name: "Change", method: single(true), parameters }, OPERATOR, outcome);
  return lines;
}

test("logFailure() tells who called what, and why it failed", () => {
  expect(logged({ parameters: {} })).toEqual([]);
  const fields = {
    MESSAGE_ID: "abda62a8573241ef8c0031d8dc083c34",
    ...{ CALL: "Change", CALLER_UID: 1000, CALLER_PID: 77 },
  };
  expect(logged({ error: "a.b.NoSuchCpu", parameters: { cpu: 9 } }, { cpu: 9 })).toEqual([
    ['Change {"cpu":9} by uid 1000, pid 77: NoSuchCpu {"cpu":9}', fields],
  ]);
});

test("logFailure() escapes what a terminal would obey, and cuts long parameters to 300 characters", () => {
  const line = (reason: string) => {
    const [[message]] = logged({ error: "a.b.E", parameters: {} }, { reason }) as [[string]];
    return message;
  };
  expect(line("\u009b\u2028")).toBe('Change {"reason":"\\u009b\\u2028"} by uid 1000, pid 77: E {}');
  const full = `{"reason":"${"x".repeat(287)}"}`;
  expect(line("x".repeat(287))).toBe(`Change ${full} by uid 1000, pid 77: E {}`);
  expect(line("x".repeat(288))).toBe(`Change {"reason":"${"x".repeat(288)}"… by uid 1000, pid 77: E {}`);
});
