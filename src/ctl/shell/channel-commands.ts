import { channelsOf } from "../../terminal/command-line.ts";
import type { Command } from "./command.ts";
import type { Prompt } from "./prompt.ts";

/** The highest number of channels in DPDK's host on most machines. `vmpowerctl add-channels` accepts higher ones. */
const CHANNEL_END = 128;

/** Commands `add_channels`, `set_channel_status`. */
export const CHANNEL_COMMANDS: readonly Command[] = [
  {
    name: "add_channels",
    help: "add_channels <vm_name> <list>|all",
    tokens: ["vm", "channels"],
    async run(prompt, [vm = "", list = ""]) {
      if (list === "all") {
        prompt.say(`Added ${await addChannels(prompt, vm)} channels for VM '${vm}'`);
        return;
      }
      const numbers = channelsOf(list);
      const tooHigh = numbers.find(isTooHigh);
      if (tooHigh !== undefined) {
        prompt.say(
          `Channel number '${tooHigh}' exceeds the maximum number of allowable channels(${CHANNEL_END}) for VM '${vm}'`,
        );
        return;
      }
      numbers.forEach((number, index) => {
        prompt.say(`[${index}]: Adding channel ${Number(number)}`);
      });
      prompt.say(`Enabled ${await addChannels(prompt, vm, numbers.map(Number))} channels for '${vm}'`);
    },
  },
  {
    name: "set_channel_status",
    help: "<vm_name> <list>|all enabled|disabled",
    tokens: ["vm", "channels", ["enabled", "disabled"]],
    async run(prompt, [vm = "", list = "", status = ""]) {
      const numbers = list === "all" ? undefined : channelsOf(list);
      const tooHigh = numbers?.find(isTooHigh);
      if (tooHigh !== undefined) {
        prompt.say(
          `${tooHigh} exceeds the maximum number of allowable channels(${CHANNEL_END}) for VM '${vm}'`,
        );
        return;
      }
      const enabled = status === "enabled";
      const channels = await usable(prompt, vm, numbers?.map(Number));
      const isDone =
        channels.length === 0 ||
        (await prompt.attempt(() => prompt.call("SetChannelStatus", { vm, channels, enabled })));
      prompt.say(`Updated status of ${isDone ? channels.length : 0} channels for VM '${vm}'`);
    },
  },
];

/** Adds channels, all if none is named. Returns how many of them are new in this session. */
async function addChannels(prompt: Prompt, vm: string, numbers?: readonly number[]): Promise<number> {
  const found = await prompt.vm(vm);
  if (found === undefined || found.state === "absent") return 0;
  const before = prompt.added.get(vm) ?? new Set();
  const channels = found.channels
    .map(({ number }) => number)
    .filter((number) => !before.has(number) && numbers?.includes(number) !== false);
  if (channels.length === 0) return 0;
  if (!(await prompt.attempt(() => prompt.call("AddChannels", { vm, channels })))) return 0;
  // The daemon always accepts the order, but may refuse the socket itself.
  const added = await usable(prompt, vm, channels);
  prompt.added.set(vm, new Set([...before, ...added]));
  return added.length;
}

/** Those of these channels, or of all, that DPDK's host would show. */
async function usable(prompt: Prompt, vm: string, numbers?: readonly number[]): Promise<number[]> {
  const found = await prompt.vm(vm);
  return (found?.channels ?? [])
    .filter(({ number, status }) => status !== "refused" && numbers?.includes(number) !== false)
    .map(({ number }) => number);
}

function isTooHigh(number: string): boolean {
  return !(Number(number) >= 0 && Number(number) < CHANNEL_END);
}
