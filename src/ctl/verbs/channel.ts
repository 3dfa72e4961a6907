import { formatCpuList } from "../../base/cpu-list.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { count, printable } from "../../terminal/text.ts";
import { channelsArgument, switchArgument } from "../arguments.ts";
import type { Argument, Verb } from "../verb.ts";
import { VM } from "../vm-argument.ts";

const CHANNELS: Argument = {
  name: "channels",
  required: false,
  doc: "numbers like 0,1, or all (the default)",
  kind: "channels",
};

/** Verbs `add-channels`, `rm-channels`, `set-channel-status`, `release-channels`. */
export const CHANNEL_VERBS: readonly Verb[] = [
  {
    name: "add-channels",
    summary: "Serve channels of a VM",
    arguments: [VM, CHANNELS],
    examples: [
      ["add-channels web1 0,1", "these two"],
      ["add-channels web1 all", "all that are found"],
    ],
    async run({ call, show }, { arguments: [vm = "", numbers = "all"] }) {
      const reply = await call("AddChannels", choice(vm, numbers));
      show(reply, () => said(reply.channels, vm, "served"));
      return EXIT.ok;
    },
  },
  {
    name: "rm-channels",
    summary: "Stop serving channels of a VM",
    arguments: [VM, CHANNELS],
    examples: [["rm-channels web1 1", "the others stay served"]],
    async run({ call, show }, { arguments: [vm = "", numbers = "all"] }) {
      const reply = await call("RemoveChannels", choice(vm, numbers));
      show(reply, () => said(reply.channels, vm, "no longer served"));
      return EXIT.ok;
    },
  },
  {
    name: "set-channel-status",
    summary: "Enable or disable channels of a VM",
    arguments: [
      VM,
      { ...CHANNELS, required: true, doc: "numbers like 0,1, or all" },
      { name: "status", required: true, doc: "enabled or disabled", kind: ["enabled", "disabled"] },
    ],
    examples: [["set-channel-status web1 0 disabled", "drop its requests unanswered"]],
    async run({ call, show }, { arguments: [vm = "", numbers = "", word = ""] }) {
      const enabled = switchArgument(word, ["enabled", "disabled"]);
      const reply = await call("SetChannelStatus", { ...choice(vm, numbers), enabled });
      show(reply, () => said(reply.channels, vm, word));
      return EXIT.ok;
    },
  },
  {
    name: "release-channels",
    summary: "Hear channels again that are quarantined",
    arguments: [VM, CHANNELS],
    examples: [["release-channels web1", "all that asked far too often"]],
    async run({ call, show }, { arguments: [vm = "", numbers = "all"] }) {
      const reply = await call("ReleaseChannels", choice(vm, numbers));
      const none = `No channel of VM ${printable(vm)} was quarantined`;
      show(reply, () => (reply.channels.length === 0 ? none : said(reply.channels, vm, "heard again")));
      return EXIT.ok;
    },
  },
];

function choice(vm: string, numbers: string): { vm: string; channels?: readonly number[] } {
  const channels = channelsArgument(numbers);
  return channels === undefined ? { vm } : { vm, channels };
}

function said(channels: readonly number[], vm: string, what: string): string {
  if (channels.length === 0) return `VM ${printable(vm)} has no channels to change`;
  return `${count(channels.length, "channel")} of VM ${printable(vm)} ${what}: ${formatCpuList(channels)}`;
}
