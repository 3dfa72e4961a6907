import { type Control, ControlError } from "../../admin/control.ts";
import type { ChannelConfig, ChannelConfigRequest } from "../../admin/control-types.ts";
import { NAMED_CHANNELS_MAX } from "../../admin/parameters.ts";
import { type ChannelPlace, channelObjection, hasPaths } from "../../hypervisor/channel-config.ts";
import { CHANNEL_FORMATS, type ChannelFormat, firstNumbers } from "../../hypervisor/channel-formats.ts";
import type { Parts } from "../parts.ts";
import { answeredValue, ordersOf } from "./domain-orders.ts";

/** Describes channels, and adds them to definitions. */
export function channelConfig(parts: () => Parts): Pick<Control, "GetChannelConfig" | "AddChannelConfig"> {
  return {
    GetChannelConfig: (request) => describe(request, parts()),
    async AddChannelConfig({ vm, vcpus, text, pathless }, caller) {
      const { acts } = parts();
      const place = placeOf({ vm, vcpus, pathless }, parts());
      answeredValue(vm, await ordersOf(parts()).addChannels(place, vcpus, text));
      acts.report(caller, `added channels to the definition of ${vm}`, { vm });
      return {};
    },
  };
}

async function describe(
  { vm, vcpus, format, pathless }: ChannelConfigRequest,
  parts: Parts,
): Promise<ChannelConfig> {
  const place = placeOf({ vm, vcpus, pathless }, parts);
  // A hypervisor that takes no orders has no definitions either.
  if (format === "libvirt" && parts.hypervisor.orders !== undefined) {
    const told = await parts.hypervisor.orders.planChannels(place, vcpus);
    if (told.ok) return { defined: true, ...told.value, text: told.value.devices };
    // With a number of vCPUs, the VM need not exist yet.
    if (vcpus === undefined) answeredValue(vm, told);
  }
  const count = vcpus ?? parts.vms.domains.get(vm)?.pins.length;
  if (count === undefined) throw new ControlError("NoSuchVm", { vm });
  return { defined: false, present: [], missing: firstNumbers(count), text: textFor(format, place, count) };
}

function textFor(format: ChannelFormat, place: ChannelPlace, count: number): string {
  const text = CHANNEL_FORMATS[format](place, count);
  if (text !== undefined) return text;
  const reason = hasPaths(place)
    ? `${format} cannot write the path of "${place.vm}": it has a comma or a quotation mark`
    : `${format} needs the paths of the sockets`;
  throw new ControlError("Refused", { reason });
}

function placeOf(
  { vm, vcpus, pathless }: Omit<ChannelConfigRequest, "format">,
  { config }: Parts,
): ChannelPlace {
  const place = { vm, directory: pathless ? undefined : config().channels.directory };
  const reason = channelObjection(place, (vcpus ?? NAMED_CHANNELS_MAX) - 1);
  if (reason !== undefined)
    throw new ControlError("Refused", { reason, remedy: "give the VM a shorter name" });
  return place;
}
