import type { PolicyKind } from "../base/policy-kind.ts";
import type { Caller } from "./caller.ts";
import { describe } from "./idl-parser.ts";
import type { Interface, Method, Outcome } from "./interface.ts";
import idl from "./io.vmpower.Request.varlink" with { type: "text" };

/** The description of `io.vmpower.Request`. */
export const REQUEST = describe(idl);

/** What one CPU got. */
export interface RequestResult {
  readonly cpu: number;
  readonly accepted: boolean;
  readonly khz?: number | undefined;
  readonly because?: string | undefined;
}

/** A speed that the caller wants of one CPU. */
export interface RequestWant {
  readonly cpu: number;
  readonly khz: number;
  readonly asked: string;
  readonly grantedKhz?: number | undefined;
  readonly endsInMs?: number | undefined;
}

/** Which application the caller speaks for, if it is several. */
interface AppChoice {
  readonly app?: string | undefined;
}

/** The parameters and the reply of each method. */
export interface RequestCalls {
  GetContract: {
    takes: AppChoice;
    answers: {
      readonly app: string;
      readonly apps: readonly string[];
      readonly cpus: readonly number[];
      readonly operations: readonly string[];
      readonly policies: readonly string[];
      readonly turbo: boolean;
      readonly leaseSec: number;
    };
  };
  Ask: {
    takes: AppChoice & {
      readonly cpus: readonly number[];
      readonly to: "up" | "down" | "min" | "max" | "turbo" | "noTurbo";
      readonly leaseSec?: number | undefined;
    };
    answers: { readonly results: readonly RequestResult[]; readonly leaseSec: number };
  };
  AskByPolicy: {
    takes: AppChoice & {
      readonly cpus: readonly number[];
      readonly kind: Exclude<PolicyKind, "traffic">;
      readonly workload?: "high" | "medium" | "low" | undefined;
      readonly busyHours?: readonly number[] | undefined;
      readonly quietHours?: readonly number[] | undefined;
      readonly leaseSec?: number | undefined;
    };
    answers: { readonly leaseSec: number };
  };
  ListWants: { takes: AppChoice; answers: { readonly wants: readonly RequestWant[] } };
  Release: { takes: AppChoice; answers: Readonly<Record<never, never>> };
}

/** One of the methods. */
export type RequestName = keyof RequestCalls;

/** The daemon as applications see it. A refusal is thrown as {@link RequestError}. */
export type Requests = {
  readonly [Name in RequestName]: (
    parameters: RequestCalls[Name]["takes"],
    caller: Caller,
  ) => RequestCalls[Name]["answers"] | Promise<RequestCalls[Name]["answers"]>;
};

/** An error of the interface. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly error: "NoSuchApplication" | "Refused" | "InvalidParameter";
  readonly parameters: object;

  constructor(error: RequestError["error"], parameters: object) {
    super(error);
    this.error = error;
    this.parameters = parameters;
  }
}

/**
 * Makes the interface `io.vmpower.Request`. Its methods do not count as mutating here: what strangers do is logged with a
 * limit by the methods themselves. Any other error that is thrown is reported to `onFault`.
 */
export function requestInterface(requests: Requests, onFault: (error: unknown) => void): Interface {
  const methods = new Map<string, Method>();
  const failed = (error: unknown): Outcome => {
    if (error instanceof RequestError) return outcomeOf(error);
    onFault(error);
    return outcomeOf(new RequestError("Refused", { reason: "A fault of vm-power" }));
  };
  for (const name of Object.keys(requests) as RequestName[]) {
    // The dispatcher has checked the parameters against the description.
    const method = requests[name] as (parameters: object, caller: Caller) => object | Promise<object>;
    const call = (parameters: object, caller: Caller): Outcome | Promise<Outcome> => {
      try {
        const answer = method(parameters, caller);
        if (!(answer instanceof Promise)) return { parameters: answer };
        return answer.then((late) => ({ parameters: late }), failed);
      } catch (error) {
        return failed(error);
      }
    };
    methods.set(name, { kind: "single", mutates: false, call });
  }
  return { description: REQUEST, methods };
}

function outcomeOf({ error, parameters }: RequestError): Outcome {
  const of = error === "InvalidParameter" ? "org.varlink.service" : REQUEST.name;
  return { error: `${of}.${error}`, parameters };
}
