import { type ChannelPlace, hasPaths, proxmoxChannels, qemuChannels, xlChannels } from "./channel-config.ts";
import { channelXml } from "./libvirt/channel-xml.ts";

/** The formats in which channels can be described. */
export type ChannelFormat = "libvirt" | "qemu" | "proxmox" | "xl";

/** Describes the first `count` channels of a VM as text to paste; undefined if a format cannot express the paths, or needs some. */
export const CHANNEL_FORMATS: {
  readonly [Format in ChannelFormat]: (place: ChannelPlace, count: number) => string | undefined;
} = {
  libvirt: (place, count) => channelXml(place, firstNumbers(count), []),
  qemu: (place, count) => (hasPaths(place) ? qemuChannels(place, count) : undefined),
  proxmox: (place, count) => (hasPaths(place) ? proxmoxChannels(place, count) : undefined),
  xl: (place, count) => (hasPaths(place) ? xlChannels(place, count) : undefined),
};

/** The numbers of the first `count` channels of a VM. */
export function firstNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
