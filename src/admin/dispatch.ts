import type { Log } from "../base/log.ts";
import { MESSAGE_IDS } from "../base/message-id.ts";
import { failure, type Result, success } from "../base/result.ts";
import type { Caller } from "./caller.ts";
import { conform } from "./conform.ts";
import type { Interface, Method, Outcome } from "./interface.ts";
import { dropNulls, type Incoming } from "./message.ts";
import { judgeParameters } from "./parameters.ts";
import { SERVICE_ERRORS } from "./service-interface.ts";

/** A call whose method exists and whose parameters conform. */
export interface Accepted {
  readonly name: string;
  readonly method: Method;
  readonly parameters: object;
}

type Call = Extract<Incoming, { kind: "call" }>;

/** Longest text of parameters in a log line. */
const LOGGED_LENGTH_MAX = 300;

/**
 * Finds the method of a call and checks its parameters. Returns an error if the caller may not call it, or calls it
 * wrongly.
 */
export function judgeCall(
  call: Call,
  caller: Caller,
  interfaces: ReadonlyMap<string, Interface>,
): Result<Accepted, Outcome> {
  const dot = call.method.lastIndexOf(".");
  if (dot <= 0) return failure(SERVICE_ERRORS.methodNotFound(call.method));
  const interfaceName = call.method.slice(0, dot);
  const found = interfaces.get(interfaceName);
  if (found === undefined) return failure(SERVICE_ERRORS.interfaceNotFound(interfaceName));
  const name = call.method.slice(dot + 1);
  const description = found.description.methods.get(name);
  if (description === undefined) return failure(SERVICE_ERRORS.methodNotFound(call.method));
  const method = found.methods.get(name);
  if (method === undefined) return failure(SERVICE_ERRORS.methodNotImplemented(call.method));
  if (method.mutates && caller.looksOnly) return failure(SERVICE_ERRORS.permissionDenied());
  const parameters = dropNulls(call.parameters);
  const wrong = conform(parameters, description.parameters, { types: found.description.types, open: false });
  if (wrong !== undefined) return failure(SERVICE_ERRORS.invalidParameter(String(wrong.path[0])));
  const judged = judgeParameters(name, parameters);
  if (!judged.ok) return failure(SERVICE_ERRORS.invalidParameter(judged.why));
  if (method.kind === "stream" && !call.more) return failure(SERVICE_ERRORS.expectedMore());
  return success({ name, method, parameters: judged.value });
}

/**
 * Logs a call that should have changed something and failed, with its caller. A call that succeeded is logged where it
 * is done.
 */
export function logFailure(log: Log, { name, parameters }: Accepted, caller: Caller, outcome: Outcome): void {
  if (outcome.error === undefined) return;
  const error = outcome.error.slice(outcome.error.lastIndexOf(".") + 1);
  const what = `${name} ${shown(parameters)} by uid ${caller.uid}, pid ${caller.pid}`;
  log.notice(`${what}: ${error} ${shown(outcome.parameters)}`, {
    MESSAGE_ID: MESSAGE_IDS.operator,
    CALL: name,
    CALLER_UID: caller.uid,
    CALLER_PID: caller.pid,
  });
}

function shown(value: object): string {
  const text = JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > LOGGED_LENGTH_MAX ? `${text.slice(0, LOGGED_LENGTH_MAX)}…` : text;
}
