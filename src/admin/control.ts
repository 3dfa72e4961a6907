import type { Caller } from "./caller.ts";
import type { Calls, Errors, Event, Nothing, Packet, VmChoice } from "./control-types.ts";

/** Grows when a member is renamed or removed, which clients then notice. Every reply carries it. */
export const SCHEMA_VERSION = 1;

/** The methods that answer once. */
export type CallName = keyof Calls;

/** All methods. */
export type MethodName = CallName | StreamName;

/** The methods that answer until one end has enough. */
export type StreamName = "Subscribe" | "Record";

/**
 * The daemon, as operators see it. Parameters were compared with the interface description before a method is called;
 * an error is returned or thrown as {@link ControlError}. Anything else that is thrown is a fault of ours: it is
 * logged, and the caller is told no more than that.
 */
export type Control = {
  readonly [Name in CallName]: (
    parameters: Calls[Name]["takes"],
    caller: Caller,
  ) => Answer<Calls[Name]["answers"]>;
} & {
  /** Begins to send events; the function it answers ends that, and is called once when the subscriber goes. */
  readonly Subscribe: (
    parameters: Nothing,
    caller: Caller,
    subscriber: Subscriber,
  ) => (() => void) | ControlError;
  /** Begins to hand over what guests send, likewise. */
  readonly Record: (
    parameters: VmChoice,
    caller: Caller,
    subscriber: Subscriber<Packet>,
  ) => (() => void) | ControlError;
};

/** What a method answers, now or later. */
type Answer<T> = T | ControlError | Promise<T | ControlError>;

/** Where the events of one subscriber go. */
export interface Subscriber<T = Event> {
  /** Sends an event, or counts it as lost where the subscriber is too slow. */
  send(event: T): void;
  /** Sends the last event, however much is waiting before it. */
  end(event: T): void;
}

/** What the errors of the interface tell. `InvalidParameter` becomes varlink's own error of that name. */
export interface ControlErrors extends Errors {
  InvalidParameter: { readonly parameter: string };
}

/** An error of the interface: a value to return, or to throw. */
export class ControlError<Name extends keyof ControlErrors = keyof ControlErrors> extends Error {
  override readonly name = "ControlError";
  readonly error: Name;
  readonly parameters: ControlErrors[Name];

  constructor(error: Name, parameters: ControlErrors[Name]) {
    super(`${error} ${JSON.stringify(parameters)}`);
    this.error = error;
    this.parameters = parameters;
  }
}

/** Of each method: whether it changes anything. Those that do are logged with their caller. */
export const METHODS: { readonly [Name in MethodName]: { readonly mutates: boolean } } = {
  GetStatus: { mutates: false },
  ListVms: { mutates: false },
  ShowVm: { mutates: false },
  ListChannels: { mutates: false },
  AddVm: { mutates: true },
  RemoveVm: { mutates: true },
  ForgetVm: { mutates: true },
  AddChannels: { mutates: true },
  RemoveChannels: { mutates: true },
  SetChannelStatus: { mutates: true },
  ListCpus: { mutates: false },
  SetCpuFreq: { mutates: true },
  SetQuery: { mutates: true },
  Explain: { mutates: false },
  ExplainVcpu: { mutates: false },
  Verify: { mutates: false },
  ListVcpus: { mutates: false },
  PinVcpu: { mutates: true },
  SetVcpus: { mutates: true },
  GetChannelConfig: { mutates: false },
  AddChannelConfig: { mutates: true },
  Restore: { mutates: true },
  GetLoad: { mutates: false },
  GetMetrics: { mutates: false },
  Subscribe: { mutates: false },
  // It changes nothing, but what guests say is for those who may, and each packet costs.
  Record: { mutates: true },
};
