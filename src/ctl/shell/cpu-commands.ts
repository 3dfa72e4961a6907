import { VarlinkError } from "../../admin/client-error.ts";
import type { Cpu, FrequencyOrder } from "../../admin/control-types.ts";
import { numberOf } from "../../terminal/command-line.ts";
import type { Command } from "./command.ts";

/** The words of DPDK's prompt for scale actions, and ours. */
const ORDERS: Readonly<Record<string, FrequencyOrder["to"]>> = {
  up: "up",
  down: "down",
  min: "min",
  max: "max",
  enable_turbo: "turbo",
  disable_turbo: "noTurbo",
};

/** Commands `show_cpu_freq`, `set_cpu_freq`. */
export const CPU_COMMANDS: readonly Command[] = [
  {
    name: "show_cpu_freq",
    help: "show_cpu_freq <core_num>, what it is set to",
    tokens: ["number"],
    async run(prompt, [word = ""]) {
      const core = numberOf(word) ?? 0;
      let cpu: Cpu | undefined;
      await prompt.attempt(async () => {
        [cpu] = (await prompt.call("ListCpus", { cpus: [core] })).cpus;
      });
      if (cpu?.managed === false)
        prompt.explain(`CPU ${core} is not managed: ${cpu.reason ?? "no reason given"}`);
      const khz = cpu?.managed === true ? (cpu.peerKhz ?? cpu.currentKhz ?? cpu.maxKhz) : undefined;
      prompt.say(
        khz === undefined ? `Unable to get frequency for core ${core}` : `Core ${core} frequency: ${khz}`,
      );
    },
  },
  {
    name: "set_cpu_freq",
    help: "set_cpu_freq <core_num> up|down|min|max|…",
    tokens: ["number", Object.keys(ORDERS)],
    async run(prompt, [word = "", order = ""]) {
      const core = numberOf(word) ?? 0;
      const done = await prompt.attempt(async () => {
        const to = ORDERS[order] ?? "max";
        const { results } = await prompt.call("SetCpuFreq", { cpus: [core], to, hold: false });
        const failed = results.find(({ ok }) => !ok);
        if (failed !== undefined)
          throw new VarlinkError("io.vmpower.Control.Refused", { reason: failed.reason });
      });
      if (!done) prompt.say(`Error scaling core(${core}) '${order}'`);
    },
  },
];
