import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { RECORDING_BYTES_MAX, type RecordingHead } from "../../admin/recording.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { count, printable } from "../../terminal/text.ts";
import type { Context, Verb } from "../verb.ts";

const SECONDS = 60;
const SECONDS_MAX = 3600;

/** `record`: what guests send, for `vm-power replay`. */
export const RECORD: Verb = {
  name: "record",
  summary: "Record what guests send, to try what it would do",
  arguments: [{ name: "file", required: true, doc: "a file that is not there yet", kind: "text" }],
  options: [
    { flag: "--vm", doc: "these VMs only, like web1,web2", value: { name: "names", kind: "vm" } },
    { flag: "--seconds", doc: "so long (60)", value: { name: "seconds", kind: "text" } },
  ],
  examples: [
    ["record web1.rec --vm web1", "a minute; see vm-power replay"],
    ["record all.rec --seconds 10", "all VMs"],
  ],
  async run(context, { arguments: [file = ""], values }) {
    const seconds = secondsOf(values.get("--seconds") ?? `${SECONDS}`);
    const vms = values
      .get("--vm")
      ?.split(",")
      .filter((name) => name !== "");
    const head = await headOf(context, vms);
    const fd = openNew(file);
    try {
      const { packets, lost, full } = await record(context, fd, head, seconds);
      context.show({ file, packets, lost, full }, () => {
        const kept = `${count(packets, "packet")} in ${printable(file)}`;
        return `${kept}${lost === 0 ? "" : `, ${lost} lost`}${full ? "; it is full" : ""}`;
      });
    } catch (error) {
      // A file without a packet would only be in the way.
      unlinkSync(file);
      throw error;
    } finally {
      closeSync(fd);
    }
    return EXIT.ok;
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

async function record({ record, io }: Context, fd: number, head: RecordingHead, seconds: number) {
  const stop = new AbortController();
  io.signal?.addEventListener("abort", () => stop.abort());
  const timer = setTimeout(() => stop.abort(), seconds * 1000);
  if (io.isTty) io.stderr.write(`Recording for ${seconds} s\n`);
  let bytes = writeSync(fd, `${JSON.stringify(head)}\n`);
  let packets = 0;
  let lost = 0;
  let full = false;
  const recorded = record(
    { vms: head.vms.map(({ name }) => name) },
    (reply) => {
      lost += reply.lost;
      if (full) return;
      bytes += writeSync(fd, `${JSON.stringify(reply.packet)}\n`);
      packets++;
      full = bytes >= RECORDING_BYTES_MAX;
      if (full) stop.abort();
    },
    { signal: stop.signal },
  );
  await recorded.finally(() => clearTimeout(timer));
  return { packets, lost, full };
}

function openNew(file: string): number {
  try {
    return openSync(file, "wx", 0o640);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    throw new UsageError(
      code === "EEXIST" ? `"${file}" is there already: name another file` : `Cannot write "${file}": ${code}`,
    );
  }
}

function secondsOf(text: string): number {
  const seconds = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new UsageError(`"${text}" is not a number of seconds up to ${SECONDS_MAX}`);
}
