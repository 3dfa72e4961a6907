import type { ChannelConfig, ChannelConfigRequest } from "../../admin/control-types.ts";
import { NAMED_CHANNELS_MAX } from "../../admin/parameters.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../terminal/exit-code.ts";
import { wholeNumber, wordOf } from "../../terminal/option-values.ts";
import { count, printable } from "../../terminal/text.ts";
import { optionOf } from "../arguments.ts";
import { additions, agrees, printableLines } from "../confirm.ts";
import type { Context, Verb } from "../verb.ts";
import { VM } from "../vm-argument.ts";

const FORMATS = ["libvirt", "qemu", "proxmox", "xl"] as const;

/** Where the text of each format belongs. */
const PLACES: { readonly [Format in (typeof FORMATS)[number]]: (vm: string) => string } = {
  libvirt: (vm) => `into <devices> of "virsh edit ${vm}"`,
  qemu: () => "behind the other options of qemu-system-x86_64",
  proxmox: () => "into a shell of the Proxmox host; it replaces args: of the VM, so keep what is in it",
  xl: (vm) => `into the configuration of ${vm} for "xl create"`,
};

/** Verb `channel-config`: prints the definition of a VM's channels, or adds it. */
export const CHANNEL_CONFIG: Verb = {
  name: "channel-config",
  summary: "Describe the channels that a VM needs, or add them",
  arguments: [VM],
  options: [
    {
      flag: "--vcpus",
      doc: "number of vCPUs; all of the VM by default",
      value: { name: "count", kind: "text" },
    },
    {
      flag: "--format",
      doc: "libvirt (the default), qemu, proxmox or xl",
      value: { name: "format", kind: FORMATS },
    },
    { flag: "--pathless", doc: "let libvirt choose where the sockets lie" },
    { flag: "--apply", doc: "add it to the VM's definition in libvirt, after asking" },
    { flag: "--yes", doc: "with --apply: do not ask" },
  ],
  examples: [
    ["channel-config web1 --vcpus 4", "XML to paste"],
    ["channel-config web1 --apply", "show what is missing, ask, add it"],
  ],
  async run(context, { arguments: [vm = ""], flags, values }) {
    const request = { ...requestOf(vm, values), ...(flags.has("--pathless") ? { pathless: true } : {}) };
    const [apply, yes] = [flags.has("--apply"), flags.has("--yes")];
    if (yes && !apply)
      throw new UsageError("--yes answers what --apply asks: add --apply, or leave out --yes");
    if (request.pathless && request.format !== "libvirt")
      throw new UsageError(onlyLibvirt("--pathless", request.format));
    if (apply && request.format !== "libvirt") throw new UsageError(onlyLibvirt("--apply", request.format));
    if (apply && context.json && !yes) throw new UsageError("--apply with --json cannot ask: add --yes");
    const config = await context.call("GetChannelConfig", request);
    return apply ? add(context, request, { config, yes }) : describe(context, request, config);
  },
};

function onlyLibvirt(flag: string, format: string): string {
  return `${flag} does not work with --format ${format}: leave out one of them`;
}

function requestOf(vm: string, values: ReadonlyMap<string, string>): ChannelConfigRequest {
  const format = optionOf(values, "--format", wordOf(FORMATS)) ?? "libvirt";
  const vcpus = optionOf(values, "--vcpus", wholeNumber("a number of vCPUs", 1, NAMED_CHANNELS_MAX));
  return vcpus === undefined ? { vm, format } : { vm, format, vcpus };
}

function describe(
  { io, show }: Context,
  { vm, format }: ChannelConfigRequest,
  config: ChannelConfig,
): ExitCode {
  const isComplete = config.text === "";
  show(config, () => (isComplete ? complete(vm, config) : printableLines(config.text)));
  // To standard error, so that standard output has only the text.
  const more = config.defined ? ", or let --apply do it" : "";
  if (io.isTty && !isComplete) io.stderr.write(`\nPaste it ${PLACES[format](printable(vm))}${more}\n`);
  return EXIT.ok;
}

async function add(
  context: Context,
  { format: _, ...wanted }: ChannelConfigRequest,
  { config, yes }: { readonly config: ChannelConfig; readonly yes: boolean },
): Promise<ExitCode> {
  const { call, io, json, show, style } = context;
  const { text, defined, missing } = config;
  const { vm } = wanted;
  if (!defined) {
    const { hypervisor } = await call("GetStatus", {});
    const why =
      hypervisor.driver === "static" || hypervisor.driver === "qemu"
        ? `With Driver=${hypervisor.driver} there is no definition to change: omit --apply, and paste the text`
        : `libvirt has no definition of VM "${vm}" to add to: virsh list --all lists those it has`;
    throw new CommandError(why, EXIT.notFound);
  }
  if (!json && text === "") io.stdout.write(`${complete(vm, config)}\n`);
  if (!json && text !== "") {
    io.stdout.write(additions(text, style));
    if (!yes && !(await agrees(io, `Add this to the definition of ${printable(vm)}? [y/N] `)))
      return EXIT.failed;
  }
  if (!json && text === "") return EXIT.ok;
  const reply = await call("AddChannelConfig", { ...wanted, text });
  show(
    reply,
    () =>
      `${count(missing.length, "channel")} added: they are there from the next start of ${printable(vm)} on`,
  );
  return EXIT.ok;
}

function complete(vm: string, { present }: ChannelConfig): string {
  return `VM ${printable(vm)} has all its channels: ${formatCpuList(present)}`;
}
