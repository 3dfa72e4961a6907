import type { Caller } from "./caller.ts";
import { describe } from "./idl-parser.ts";
import type { Interface, Method, Outcome } from "./interface.ts";
import idl from "./io.vmpower.Attach.varlink" with { type: "text" };

const ATTACH = describe(idl);

/** The helper's one method, as clients call it. */
export const ATTACH_CHANNELS = { description: ATTACH, name: "AttachChannels" } as const;

/** The channels that a running VM should have. */
export interface AttachOrder {
  readonly vm: string;
  /** Undefined: those of all its vCPUs. */
  readonly channels?: readonly number[] | undefined;
  readonly config: boolean;
}

/** What was done. */
export interface AttachReply {
  readonly present: readonly number[];
  readonly attached: readonly number[];
}

/** Why nothing was done. */
export type AttachRefusal =
  | { readonly error: "NoSuchVm" }
  | { readonly error: "Refused"; readonly reason: string; readonly remedy?: string | undefined };

/** Makes the interface `io.vmpower.Attach`. A caller that may only look is refused by the server. */
export function attachInterface(
  attach: (order: AttachOrder, caller: Caller) => Promise<AttachReply | AttachRefusal>,
): Interface {
  // The dispatcher has checked the parameters against the description.
  const call = async (parameters: object, caller: Caller): Promise<Outcome> => {
    const answer = await attach(parameters as AttachOrder, caller);
    if (!("error" in answer)) return { parameters: answer };
    const { error, ...told } = answer;
    return { error: `${ATTACH.name}.${error}`, parameters: told };
  };
  const method: Method = { kind: "single", mutates: true, call };
  return { description: ATTACH, methods: new Map([[ATTACH_CHANNELS.name, method]]) };
}
