import { CONTROL } from "../../admin/control-interface.ts";
import { jsonSchema } from "../../admin/json-schema.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { jsonText, quoted } from "../../terminal/text.ts";
import type { Verb } from "../verb.ts";

/** The replies and types that each command prints with `--json`. */
export const PRINTS: Readonly<Record<string, readonly string[]>> = {
  status: ["GetStatus"],
  list: ["ListVms", "ListChannels"],
  "show-vm": ["ShowVm"],
  "add-vm": ["AddVm"],
  "rm-vm": ["RemoveVm"],
  "forget-vm": ["ForgetVm"],
  "set-query": ["SetQuery"],
  contract: ["GetContract"],
  "set-contract": ["SetContract"],
  "unset-contract": ["UnsetContract"],
  config: ["GetConfig"],
  state: ["GetStates", "SetState"],
  vcpus: ["ListVcpus"],
  "pin-vcpu": ["PinVcpu"],
  "set-vcpus": ["SetVcpus"],
  "add-channels": ["AddChannels"],
  "rm-channels": ["RemoveChannels"],
  "set-channel-status": ["SetChannelStatus"],
  "release-channels": ["ReleaseChannels"],
  "channel-config": ["GetChannelConfig", "AddChannelConfig"],
  "attach-channels": ["AttachChannels"],
  policy: ["ListPolicies", "AddPolicy", "RemovePolicy"],
  "show-cpu-freq": ["ListCpus"],
  "set-cpu-freq": ["SetCpuFreq"],
  holds: ["ListHolds"],
  apps: ["ListAskers"],
  "end-app": ["EndAsker"],
  request: ["RequestReport"],
  restore: ["Restore"],
  why: ["Explain", "ExplainVcpu", "GetHistory"],
  verify: ["Verify"],
  doctor: ["DoctorReport"],
  top: ["GetLoad"],
  energy: ["GetEnergy"],
  report: ["GetUsage", "GetEnergy", "GetHistory"],
  metrics: ["GetMetrics"],
  events: ["Subscribe", "GetHistory"],
  record: ["RecordReport"],
};

/** Verb `schema`: the JSON Schema of what a command prints with `--json`. */
export const SCHEMA: Verb = {
  name: "schema",
  summary: "Print the JSON Schema of what --json prints",
  arguments: [
    {
      name: "command",
      required: true,
      doc: "one of the commands that have --json",
      kind: Object.keys(PRINTS),
    },
  ],
  examples: [["schema status", "for a validator, or for a generator of types"]],
  async run({ io }, { arguments: [command = ""] }) {
    const names = Object.hasOwn(PRINTS, command) ? (PRINTS[command] ?? []) : [];
    if (names.length === 0)
      throw new UsageError(
        `${quoted(command)} is not a command with --json: vmpowerctl --help lists the commands`,
      );
    io.stdout.write(`${jsonText(jsonSchema(names, CONTROL), { pretty: true })}\n`);
    return EXIT.ok;
  },
};
