import type { Caller } from "./caller.ts";
import type {
  Channel,
  Cpu,
  CpuResult,
  Event,
  FrequencyOrder,
  Status,
  Vm,
  VmSummary,
} from "./control-types.ts";
import type { CpuCheck, Explanation, VcpuExplanation } from "./explanation-types.ts";
import type { Load, Packet, VmChoice } from "./load-types.ts";
import type {
  ChannelConfig,
  ChannelConfigOrder,
  ChannelConfigRequest,
  PinOrder,
  VcpuCountOrder,
  VcpuInfo,
} from "./order-types.ts";

/** Grows when a member is renamed or removed, which clients then notice. Every reply carries it. */
export const SCHEMA_VERSION = 1;

type Nothing = Readonly<Record<never, never>>;

/** What each method takes and answers; `io.vmpower.Control.varlink` says the same, and what it means. */
export interface Calls {
  GetStatus: { takes: Nothing; answers: Status };
  ListVms: { takes: Nothing; answers: { readonly vms: readonly VmSummary[] } };
  ShowVm: { takes: { readonly vm: string }; answers: { readonly vm: Vm } };
  ListChannels: { takes: Nothing; answers: { readonly channels: readonly Channel[] } };
  AddVm: { takes: { readonly vm: string }; answers: Nothing };
  RemoveVm: { takes: { readonly vm: string }; answers: Nothing };
  AddChannels: { takes: ChannelChoice; answers: ChannelNumbers };
  RemoveChannels: { takes: ChannelChoice; answers: ChannelNumbers };
  SetChannelStatus: { takes: ChannelChoice & { readonly enabled: boolean }; answers: ChannelNumbers };
  ListCpus: { takes: CpuChoice; answers: { readonly cpus: readonly Cpu[] } };
  SetCpuFreq: { takes: FrequencyOrder; answers: { readonly results: readonly CpuResult[] } };
  SetQuery: { takes: { readonly vm: string; readonly enabled: boolean }; answers: Nothing };
  Explain: { takes: { readonly cpu: number }; answers: Explanation };
  ExplainVcpu: { takes: { readonly vm: string; readonly vcpu: number }; answers: VcpuExplanation };
  Verify: { takes: Nothing; answers: { readonly cpus: readonly CpuCheck[] } };
  ListVcpus: { takes: { readonly vm: string }; answers: { readonly vcpus: readonly VcpuInfo[] } };
  PinVcpu: { takes: PinOrder; answers: Nothing };
  SetVcpus: { takes: VcpuCountOrder; answers: Nothing };
  GetChannelConfig: { takes: ChannelConfigRequest; answers: ChannelConfig };
  AddChannelConfig: { takes: ChannelConfigOrder; answers: Nothing };
  Restore: { takes: CpuChoice; answers: { readonly results: readonly CpuResult[] } };
  GetLoad: { takes: VmChoice; answers: Load };
  GetMetrics: {
    takes: { readonly format?: "openmetrics" | "prometheus" };
    answers: { readonly text: string };
  };
}

/** Channels of a VM, all of them where none is named. */
export interface ChannelChoice {
  readonly vm: string;
  readonly channels?: readonly number[];
}

/** The channels that a call was about. */
export interface ChannelNumbers {
  readonly channels: readonly number[];
}

/** CPUs of the host, all of them where none is named. */
export interface CpuChoice {
  readonly cpus?: readonly number[];
}

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
export type Answer<T> = T | ControlError | Promise<T | ControlError>;

/** Where the events of one subscriber go. */
export interface Subscriber<T = Event> {
  /** Sends an event, or counts it as lost where the subscriber is too slow. */
  send(event: T): void;
  /** Sends the last event, however much is waiting before it. */
  end(event: T): void;
}

/** What the errors of the interface tell. `InvalidParameter` becomes varlink's own error of that name. */
export interface ControlErrors {
  NoSuchVm: { readonly vm: string };
  NoSuchCpu: { readonly cpu: number };
  NoSuchVcpu: { readonly vm: string; readonly vcpu: number };
  NoSuchChannel: { readonly vm: string; readonly channel: number };
  Refused: { readonly reason: string; readonly remedy?: string | undefined };
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
