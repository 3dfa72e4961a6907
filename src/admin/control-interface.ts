import type { Log } from "../base/log.ts";
import type { Caller } from "./caller.ts";
import { type CallName, type Control, ControlError, METHODS, SCHEMA_VERSION } from "./control.ts";
import { parseIdl } from "./idl-parser.ts";
import type { Interface, Method, Outcome } from "./interface.ts";
import idl from "./io.vmpower.Control.varlink" with { type: "text" };
import { SERVICE_ERRORS } from "./service-interface.ts";

/** The description of `io.vmpower.Control`. */
export const CONTROL = parseIdl(idl);

/** What calls are made with. */
export interface CallOptions {
  /** Where a fault of ours is told. */
  readonly log: Log;
  /** How long a call may take. */
  readonly callMs: number;
}

/** Offers a daemon as `io.vmpower.Control`. */
export function controlInterface(control: Control, options: CallOptions): Interface {
  const methods = new Map<string, Method>();
  for (const [name, { mutates }] of Object.entries(METHODS) as [keyof Control, { mutates: boolean }][]) {
    // A method that is described but missing is answered with MethodNotImplemented.
    if (control[name] === undefined) continue;
    methods.set(
      name,
      name === "Subscribe"
        ? subscribeMethod(control, options)
        : singleMethod(control, name, mutates, options),
    );
  }
  return { description: CONTROL, methods };
}

function singleMethod(control: Control, name: CallName, mutates: boolean, options: CallOptions): Method {
  return {
    kind: "single",
    mutates,
    call(parameters, caller) {
      try {
        // The dispatcher compared the parameters with the description, which says the same as the types.
        const handler = control[name] as (parameters: object, caller: Caller) => object | Promise<object>;
        const answer = handler.call(control, parameters, caller);
        if (!(answer instanceof Promise)) return toOutcome(answer);
        return withinTime(answer, options.callMs).then(toOutcome, (error) =>
          toError(error, name, options.log),
        );
      } catch (error) {
        return toError(error, name, options.log);
      }
    },
  };
}

function subscribeMethod(control: Control, { log }: CallOptions): Method {
  return {
    kind: "stream",
    mutates: false,
    open(_parameters, caller, sink) {
      let lost = 0;
      const subscriber = {
        send(event: object) {
          if (sink.send(versioned({ event, lost }))) lost = 0;
          else lost++;
        },
        end: (event: object) => sink.end(versioned({ event, lost })),
      };
      try {
        const opened = control.Subscribe({}, caller, subscriber);
        return typeof opened === "function" ? opened : toOutcome(opened);
      } catch (error) {
        return toError(error, "Subscribe", log);
      }
    },
  };
}

async function withinTime(answer: Promise<object>, ms: number): Promise<object> {
  const { promise, resolve } = Promise.withResolvers<object>();
  const late = new ControlError("Refused", {
    reason: `The daemon did not finish within ${ms / 1000} s; it may still do what was asked`,
  });
  const timer = setTimeout(() => resolve(late), ms);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function toOutcome(answer: object): Outcome {
  return answer instanceof ControlError ? errorOutcome(answer) : { parameters: versioned(answer) };
}

function toError(error: unknown, name: string, log: Log): Outcome {
  if (error instanceof ControlError) return errorOutcome(error);
  const message = error instanceof Error ? error.message : String(error);
  log.error(`Call ${name} failed by a fault of vm-power: ${message}`, {
    STACK: error instanceof Error ? (error.stack ?? "") : "",
  });
  return errorOutcome(
    new ControlError("Refused", {
      reason: "A fault of vm-power",
      remedy: "see its log: journalctl -u vm-power",
    }),
  );
}

function errorOutcome({ error, parameters }: ControlError): Outcome {
  if (error !== "InvalidParameter") return { error: `${CONTROL.name}.${error}`, parameters };
  return SERVICE_ERRORS.invalidParameter((parameters as { readonly parameter: string }).parameter);
}

function versioned(reply: object): object {
  return { schemaVersion: SCHEMA_VERSION, ...reply };
}
