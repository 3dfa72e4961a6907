import { type ChannelPlace, channelPath, hasPaths } from "../channel-config.ts";
import { CONTROLLER_PORTS, type Controller, planPorts } from "../channel-ports.ts";
import type { Definition } from "./definition.ts";

/** The XML of channels, for the devices of a domain. */
export function channelXml(
  place: ChannelPlace,
  numbers: readonly number[],
  controllers: readonly Controller[],
): string {
  const { ports, added } = planPorts(numbers, controllers);
  const lines = added.map(
    (index) => `<controller type='virtio-serial' index='${index}' ports='${CONTROLLER_PORTS}'/>`,
  );
  for (const { number, controller, port } of ports)
    lines.push(
      "<channel type='unix'>",
      ...(hasPaths(place) ? [`  <source mode='bind' path='${escapeXml(channelPath(place, number))}'/>`] : []),
      `  <target type='virtio' name='virtio.serial.port.poweragent.${number}'/>`,
      `  <address type='virtio-serial' controller='${controller}' bus='0' port='${port}'/>`,
      "</channel>",
    );
  return lines.join("\n");
}

/** The XML of one channel for a running domain: libvirt chooses port and path. */
export function pathlessChannel(number: number): string {
  return `<channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.${number}'/></channel>`;
}

/** Inserts devices at the end of a definition's devices. */
export function insertDevices(xml: string, { devicesEnd }: Definition, devices: string): string {
  return `${xml.slice(0, devicesEnd)}${devices}\n${xml.slice(devicesEnd)}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
};

function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (char) => ESCAPES[char] ?? char);
}
