import type { Caller } from "./caller.ts";
import type {
  Calls,
  CpuResult,
  Errors,
  Event,
  HoldOrder,
  Nothing,
  Packet,
  VmChoice,
} from "./control-types.ts";

/** Increased when a member is renamed or removed. Every reply has it, so clients notice. */
export const SCHEMA_VERSION = 1;

/** The methods with one reply. */
export type CallName = keyof Calls;

/** All methods. */
export type MethodName = CallName | StreamName;

/** The methods with many replies. */
export type StreamName = "Subscribe" | "Record" | "HoldCpus";

/**
 * The daemon as operators see it. Parameters are checked against the interface description before a method is called.
 * An error is returned or thrown as {@link ControlError}. Anything else that is thrown is a fault of the daemon: it is
 * logged, and the caller learns only that.
 */
export type Control = {
  readonly [Name in CallName]: (
    parameters: Calls[Name]["takes"],
    caller: Caller,
  ) => Answer<Calls[Name]["answers"]>;
} & {
  /** Starts to send events. The function that it returns stops that; it is called once when the subscriber leaves. */
  readonly Subscribe: (
    parameters: Nothing,
    caller: Caller,
    subscriber: Subscriber,
  ) => (() => void) | ControlError;
  /** Starts to send packets of guests; otherwise the same. */
  readonly Record: (
    parameters: VmChoice,
    caller: Caller,
    subscriber: Subscriber<Packet>,
  ) => (() => void) | ControlError;
  /** Holds CPUs until the function that it returns is called. The subscriber gets the results once. */
  readonly HoldCpus: (
    parameters: HoldOrder,
    caller: Caller,
    subscriber: Subscriber<readonly CpuResult[]>,
  ) => (() => void) | ControlError;
};

/** The answer of a method, now or later. */
type Answer<T> = T | ControlError | Promise<T | ControlError>;

/** The receiver of events of one subscriber. */
export interface Subscriber<T = Event> {
  /** Sends an event, or counts it as lost if the subscriber is too slow. */
  send(event: T): void;
  /** Sends the last event, even if others are waiting. */
  end(event: T): void;
}

/** The parameters of the interface's errors. `InvalidParameter` becomes varlink's own error of that name. */
export interface ControlErrors extends Errors {
  InvalidParameter: { readonly parameter: string };
}

/** An error of the interface, to be returned or thrown. */
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

/** For each method, whether it changes anything. Those that do are logged with their caller. */
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
  ReleaseChannels: { mutates: true },
  ListCpus: { mutates: false },
  SetCpuFreq: { mutates: true },
  HoldCpus: { mutates: true },
  ListHolds: { mutates: false },
  ListAskers: { mutates: false },
  EndAsker: { mutates: true },
  SetQuery: { mutates: true },
  GetContract: { mutates: false },
  SetContract: { mutates: true },
  UnsetContract: { mutates: true },
  GetConfig: { mutates: false },
  GetStates: { mutates: false },
  SetState: { mutates: true },
  ListPolicies: { mutates: false },
  AddPolicy: { mutates: true },
  RemovePolicy: { mutates: true },
  Explain: { mutates: false },
  ExplainVcpu: { mutates: false },
  Verify: { mutates: false },
  ListVcpus: { mutates: false },
  PinVcpu: { mutates: true },
  SetVcpus: { mutates: true },
  GetChannelConfig: { mutates: false },
  AddChannelConfig: { mutates: true },
  GetAttachPlan: { mutates: false },
  AttachChannels: { mutates: true },
  Restore: { mutates: true },
  GetEnergy: { mutates: false },
  GetHistory: { mutates: false },
  GetUsage: { mutates: false },
  GetLoad: { mutates: false },
  GetMetrics: { mutates: false },
  Subscribe: { mutates: false },
  // Recording changes nothing, but packets of guests are for operators only, and each one costs time.
  Record: { mutates: true },
};
