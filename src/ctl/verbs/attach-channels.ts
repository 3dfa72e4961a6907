import { formatCpuList } from "../../base/cpu-list.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { count, printable } from "../../terminal/text.ts";
import { optionOf, vcpusArgument } from "../arguments.ts";
import { additions, agrees } from "../confirm.ts";
import type { Verb } from "../verb.ts";
import { VM } from "../vm-argument.ts";

/** Verb `attach-channels`: gives a running VM the channels that it lacks. */
export const ATTACH_CHANNELS: Verb = {
  name: "attach-channels",
  summary: "Attach channels to a running VM, without a restart",
  arguments: [VM],
  options: [
    {
      flag: "--vcpus",
      doc: "numbers like 0-3; all of the VM by default",
      value: { name: "numbers", kind: "text" },
    },
    { flag: "--config", doc: "add them to the VM's definition in libvirt too" },
    { flag: "--yes", doc: "do not ask" },
  ],
  examples: [
    ["attach-channels web1 --vcpus 0-3", "show what is missing, ask"],
    ["attach-channels web1 --config --yes", "for the next starts too"],
  ],
  async run({ call, io, json, show, style }, { arguments: [vm = ""], flags, values }) {
    const [config, yes] = [flags.has("--config"), flags.has("--yes")];
    if (json && !yes) throw new UsageError("attach-channels with --json cannot ask: add --yes");
    const channels = optionOf(values, "--vcpus", vcpusArgument);
    const choice = { vm, config, ...(channels === undefined ? {} : { channels }) };
    const { present, missing, text } = await call("GetAttachPlan", choice);
    if (!json && present.length > 0)
      io.stdout.write(`VM ${printable(vm)} has these channels: ${formatCpuList(present)}\n`);
    if (!json && missing.length === 0) return EXIT.ok;
    if (!json) {
      io.stdout.write(additions(text, style));
      const where = config ? "and its definition" : "until it stops";
      if (!yes && !(await agrees(io, `Attach this to the running ${printable(vm)} ${where}? [y/N] `)))
        return EXIT.failed;
    }
    const reply = await call("AttachChannels", choice);
    show(
      reply,
      () => `${count(reply.attached.length, "channel")} attached: ${formatCpuList(reply.attached)}`,
    );
    return EXIT.ok;
  },
};
