import { type ChannelPlace, proxmoxChannels, qemuChannels, xlChannels } from "./channel-config.ts";
import { channelXml } from "./libvirt/channel-xml.ts";

/** The formats in which channels can be described. */
export type ChannelFormat = "libvirt" | "qemu" | "proxmox" | "xl";

/** Describes the first `count` channels of a VM as text to paste; undefined if a format cannot express the paths. */
export const CHANNEL_FORMATS: {
  readonly [Format in ChannelFormat]: (place: ChannelPlace, count: number) => string | undefined;
} = {
  libvirt: (place, count) => channelXml(place, firstNumbers(count), []),
  qemu: qemuChannels,
  proxmox: proxmoxChannels,
  xl: xlChannels,
};

/** The numbers of the first `count` channels of a VM. */
export function firstNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
