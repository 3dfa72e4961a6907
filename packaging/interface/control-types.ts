import { CONTROL } from "../../src/admin/control-interface.ts";
import { typescriptOf } from "../../src/admin/typescript.ts";

const HEADER = `// Made by "make types" from io.vmpower.Control.varlink, which says what each member means. Change that file, not this one.

`;

/** The types of parameters and replies that the daemon and vmpowerctl use by name. */
const NAMES = {
  parameters: {
    AddChannels: "ChannelChoice",
    SetChannelStatus: "ChannelStatusOrder",
    ListCpus: "CpuChoice",
    SetCpuFreq: "FrequencyOrder",
    HoldCpus: "HoldOrder",
    PinVcpu: "PinOrder",
    SetVcpus: "VcpuCountOrder",
    GetChannelConfig: "ChannelConfigRequest",
    AddChannelConfig: "ChannelConfigOrder",
    GetAttachPlan: "AttachChoice",
    AttachChannels: "AttachChoice",
    SetContract: "ContractOrder",
    SetState: "StateChange",
    GetLoad: "VmChoice",
    GetEnergy: "EnergyChoice",
    GetHistory: "HistoryChoice",
    GetUsage: "UsageChoice",
    AddPolicy: "AddedPolicy",
  },
  replies: {
    GetStatus: "Status",
    AddChannels: "ChannelNumbers",
    Explain: "Explanation",
    ExplainVcpu: "VcpuExplanation",
    GetChannelConfig: "ChannelConfig",
    GetAttachPlan: "AttachPlan",
    GetContract: "ContractView",
    GetStates: "StateList",
    GetLoad: "Load",
    GetEnergy: "Energy",
    GetHistory: "History",
    GetUsage: "Usage",
  },
} as const;

/** Returns the text of `src/admin/control-types.ts`. */
export function controlTypes(): string {
  return HEADER + typescriptOf(CONTROL, NAMES);
}
