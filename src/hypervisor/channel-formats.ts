import { type ChannelPlace, qemuChannels, xlChannels } from "./channel-config.ts";
import { channelXml } from "./libvirt/channel-xml.ts";

/** How channels are described to what makes VMs. */
export type ChannelFormat = "libvirt" | "qemu" | "xl";

/** Describes a VM's first channels, so many, to be pasted; undefined where a format cannot write their paths. */
export const CHANNEL_FORMATS: {
  readonly [Format in ChannelFormat]: (place: ChannelPlace, count: number) => string | undefined;
} = {
  libvirt: (place, count) => channelXml(place, firstNumbers(count), []),
  qemu: qemuChannels,
  xl: xlChannels,
};

/** The numbers of a VM's first channels. */
export function firstNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
