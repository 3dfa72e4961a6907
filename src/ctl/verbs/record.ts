import { RECORDING_BYTES_MAX, type RecordingHead } from "../../admin/recording.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { secondsUpTo } from "../../terminal/option-values.ts";
import { count, printable, quoted } from "../../terminal/text.ts";
import { optionOf } from "../arguments.ts";
import { RecordingFile } from "../recording-file.ts";
import type { Context, Verb } from "../verb.ts";

const SECONDS = 60;
const SECONDS_MAX = 3600;

/** Verb `record`: records packets of guests for `vm-power replay`. */
export const RECORD: Verb = {
  name: "record",
  summary: "Record packets of guests, for vm-power replay",
  arguments: [{ name: "file", required: true, doc: "a new file", kind: "text" }],
  options: [
    { flag: "--vm", doc: "these VMs only, like web1,web2", value: { name: "names", kind: "vm" } },
    { flag: "--seconds", doc: "how long to record (60)", value: { name: "seconds", kind: "text" } },
  ],
  examples: [
    ["record web1.rec --vm web1", "a minute; see vm-power replay"],
    ["record all.rec --seconds 10", "all VMs"],
  ],
  async run(context, { arguments: [file = ""], values }) {
    const seconds = optionOf(values, "--seconds", secondsUpTo(SECONDS_MAX)) ?? SECONDS;
    const head = await headOf(context, optionOf(values, "--vm", vmsArgument));
    const recording = new RecordingFile(file);
    try {
      const { packets, lost, full, cutShort } = await record(context, recording, { head, seconds });
      context.show({ file, packets, lost, full }, () => {
        const kept = `${count(packets, "packet")} in ${printable(file)}`;
        return `${kept}${lost === 0 ? "" : `, ${lost} lost`}${full ? "; it is full" : ""}`;
      });
      if (!cutShort) return EXIT.ok;
      context.io.stderr.write(`vm-power ended before the ${seconds} s were over: record again\n`);
      return EXIT.failed;
    } catch (error) {
      recording.remove();
      throw error;
    } finally {
      recording.close();
    }
  },
};

async function headOf({ call, now }: Context, names: readonly string[] | undefined): Promise<RecordingHead> {
  const chosen = names ?? (await call("ListVms", {})).vms.map(({ name }) => name);
  const vms = [];
  for (const name of chosen) {
    const { vm } = await call("ShowVm", { vm: name });
    vms.push({ name, pins: vm.vcpus.map(({ pcpus }) => pcpus) });
  }
  return { vmPowerRecording: 1, startedAtMs: now(), vms };
}

interface Task {
  readonly head: RecordingHead;
  readonly seconds: number;
}

async function record({ record, io }: Context, recording: RecordingFile, { head, seconds }: Task) {
  const stop = new AbortController();
  io.signal?.addEventListener("abort", () => stop.abort());
  recording.write(JSON.stringify(head));
  if (io.isTty) io.stderr.write(`Recording for ${seconds} s\n`);
  const timer = setTimeout(() => stop.abort(), seconds * 1000);
  let packets = 0;
  let lost = 0;
  let full = false;
  let failure: unknown;
  const recorded = record(
    { vms: head.vms.map(({ name }) => name) },
    (reply) => {
      lost += reply.lost;
      if (full || failure !== undefined) return;
      // An error thrown here would reach the connection's reader, not the caller.
      try {
        recording.write(JSON.stringify(reply.packet));
        packets++;
      } catch (error) {
        failure = error;
      }
      full = recording.bytes >= RECORDING_BYTES_MAX;
      if (full || failure !== undefined) stop.abort();
    },
    { signal: stop.signal },
  );
  await recorded.finally(() => clearTimeout(timer));
  if (failure !== undefined) throw failure;
  return { packets, lost, full, cutShort: !stop.signal.aborted };
}

/** Parses VMs, `web1,web2`. */
function vmsArgument(text: string): string[] {
  const names = text.split(",").filter((name) => name !== "");
  if (names.length === 0) throw new UsageError(`${quoted(text)} names no VM: name VMs like web1,web2`);
  return names;
}
