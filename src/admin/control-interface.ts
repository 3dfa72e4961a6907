import type { Log } from "../base/log.ts";
import type { Caller } from "./caller.ts";
import {
  type CallName,
  type Control,
  ControlError,
  METHODS,
  SCHEMA_VERSION,
  type StreamName,
} from "./control.ts";
import type { Description } from "./idl.ts";
import { describe } from "./idl-parser.ts";
import type { Interface, Method, Outcome } from "./interface.ts";
import idl from "./io.vmpower.Control.varlink" with { type: "text" };
import { SERVICE_ERRORS } from "./service-interface.ts";

const MONITOR_DOC = "Look at the vm-power daemon: the part of io.vmpower.Control that changes nothing.";

/** The description of `io.vmpower.Control`. */
export const CONTROL = describe(idl);

/** The description of `io.vmpower.Monitor`: the same without methods that change something. */
export const MONITOR = describe(monitorText(idl), (text) => ({
  ...CONTROL,
  ...{ name: "io.vmpower.Monitor", text, doc: MONITOR_DOC },
  methods: new Map([...CONTROL.methods].filter(([method]) => !METHODS[method as keyof Control].mutates)),
}));

/** Options of {@link controlInterface}. */
export interface CallOptions {
  /** Where faults of the daemon are logged. */
  readonly log: Log;
  /** Longest time of a call, in ms. */
  readonly callMs: number;
}

/** Makes the interface `io.vmpower.Control` of a daemon, or with {@link MONITOR} that interface. */
export function controlInterface(
  control: Control,
  options: CallOptions,
  description: Description = CONTROL,
): Interface {
  let methods: ReadonlyMap<string, Method> | undefined;
  return {
    description,
    // Made at the first call: a daemon that nobody asks need not parse its description.
    get methods() {
      methods ??= methodsOf({ control, description, ...options });
      return methods;
    },
  };
}

function methodsOf(served: Served): ReadonlyMap<string, Method> {
  const { control, description } = served;
  const methods = new Map<string, Method>();
  for (const [name, { mutates }] of Object.entries(METHODS) as [keyof Control, { mutates: boolean }][]) {
    // A method that is described but not implemented returns MethodNotImplemented.
    if (control[name] === undefined || !description.methods.has(name)) continue;
    methods.set(
      name,
      isStream(name) ? streamMethod(served, name, mutates) : singleMethod(served, name, mutates),
    );
  }
  return methods;
}

/** The parts that methods are made from. */
interface Served extends CallOptions {
  readonly control: Control;
  readonly description: Description;
}

/** Removes the paragraphs of methods that change something. */
function monitorText(text: string): string {
  const isLook = (paragraph: string) => {
    const method = /^method (\w+)\(/m.exec(paragraph)?.[1];
    return method === undefined || METHODS[method as keyof Control]?.mutates === false;
  };
  return text
    .split("\n\n")
    .filter(isLook)
    .join("\n\n")
    .replace(/^# .*\n/, `# ${MONITOR_DOC}\n`)
    .replace(/^interface .*$/m, "interface io.vmpower.Monitor");
}

function singleMethod(served: Served, name: CallName, mutates: boolean): Method {
  const { control, callMs } = served;
  return {
    kind: "single",
    mutates,
    call(parameters, caller) {
      try {
        // The dispatcher has checked the parameters against the description, from which the types are made.
        const handler = control[name] as (parameters: object, caller: Caller) => object | Promise<object>;
        const answer = handler.call(control, parameters, caller);
        if (!(answer instanceof Promise)) return toOutcome(answer, served);
        return withinTime(answer, callMs).then(
          (late) => toOutcome(late, served),
          (error) => toError(error, name, served),
        );
      } catch (error) {
        return toError(error, name, served);
      }
    },
  };
}

/** The name of the item in one reply of a stream. */
const ITEM: Readonly<Record<StreamName, string>> = {
  Subscribe: "event",
  Record: "packet",
  HoldCpus: "results",
};

function isStream(name: keyof Control): name is StreamName {
  return Object.hasOwn(ITEM, name);
}

function streamMethod(served: Served, name: StreamName, mutates: boolean): Method {
  return {
    kind: "stream",
    mutates,
    open(parameters, caller, sink) {
      let lost = 0;
      const subscriber = {
        send(item: object) {
          if (sink.send(versioned({ [ITEM[name]]: item, lost }))) lost = 0;
          else lost++;
        },
        end: (item: object) => sink.end(versioned({ [ITEM[name]]: item, lost })),
      };
      try {
        // The dispatcher has checked the parameters.
        const open = served.control[name] as (...given: readonly object[]) => (() => void) | ControlError;
        const opened = open.call(served.control, parameters, caller, subscriber);
        return typeof opened === "function" ? opened : toOutcome(opened, served);
      } catch (error) {
        return toError(error, name, served);
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

function toOutcome(answer: object, { description }: Served): Outcome {
  return answer instanceof ControlError
    ? errorOutcome(answer, description)
    : { parameters: versioned(answer) };
}

function toError(error: unknown, name: string, { description, log }: Served): Outcome {
  if (error instanceof ControlError) return errorOutcome(error, description);
  const message = error instanceof Error ? error.message : String(error);
  log.error(`Call ${name} failed by a fault of vm-power: ${message}`, {
    STACK: error instanceof Error ? (error.stack ?? "") : "",
  });
  return errorOutcome(
    new ControlError("Refused", {
      reason: "A fault of vm-power",
      remedy: "see its log: journalctl -u vm-power",
    }),
    description,
  );
}

function errorOutcome({ error, parameters }: ControlError, { name }: Description): Outcome {
  if (error !== "InvalidParameter") return { error: `${name}.${error}`, parameters };
  return SERVICE_ERRORS.invalidParameter((parameters as { readonly parameter: string }).parameter);
}

function versioned(reply: object): object {
  return { schemaVersion: SCHEMA_VERSION, ...reply };
}
