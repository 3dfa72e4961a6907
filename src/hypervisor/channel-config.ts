import { SOCKET_PATH_BYTES_MAX } from "../base/socket-path.ts";
import { CONTROLLER_PORTS, type PortPlan, planPorts } from "./channel-ports.ts";

/** The VM, and the directory of its sockets. */
interface SocketPlace {
  readonly vm: string;
  readonly directory: string;
}

/** The VM, and the directory of its sockets; without one the hypervisor chooses where they lie. */
export type ChannelPlace = SocketPlace | { readonly vm: string; readonly directory: undefined };

/** Whether a place has paths. */
export function hasPaths(place: ChannelPlace): place is SocketPlace {
  return place.directory !== undefined;
}

/** The path of a channel's socket on the host. */
export function channelPath({ vm, directory }: SocketPlace, number: number): string {
  return `${directory}/${vm}.${number}`;
}

/** Why a VM cannot have channels in this directory. */
export function channelObjection(place: ChannelPlace, highest: number): string | undefined {
  if (!hasPaths(place)) return undefined;
  const path = channelPath(place, highest);
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_BYTES_MAX)
    return `The path of its socket, "${path}", has ${bytes} bytes; a socket's may have ${SOCKET_PATH_BYTES_MAX}`;
  return undefined;
}

/** Options for QEMU that add channels 0 to count-1, as text for a shell. */
export function qemuChannels(place: SocketPlace, count: number): string {
  return qemuOptions(place, count)
    .map(([name, value]) => `${name} ${quoteForShell(value)}`)
    .join(" \\\n");
}

/** The command that adds channels 0 to count-1 to a VM of Proxmox, of which `place.vm` is the number. */
export function proxmoxChannels(place: SocketPlace, count: number): string {
  const args = qemuOptions(place, count).map(([name, value]) => `${name} ${quoteForShell(value)}`);
  const vmid = /^\d+$/.test(place.vm) ? place.vm : "VMID";
  return `qm set ${vmid} --args ${quoteForShell(args.join(" "))}`;
}

function qemuOptions(place: SocketPlace, count: number): readonly (readonly [name: string, value: string])[] {
  const { ports, added }: PortPlan = planPorts(
    Array.from({ length: count }, (_, i) => i),
    [],
  );
  return [
    ...added.map(
      (index) =>
        ["-device", `virtio-serial-pci,id=vmpower-serial${index},max_ports=${CONTROLLER_PORTS}`] as const,
    ),
    ...ports.flatMap(({ number, controller, port }) => [
      [
        "-chardev",
        `socket,id=vmpower${number},path=${doubleCommas(channelPath(place, number))},server=on,wait=off`,
      ] as const,
      [
        "-device",
        `virtserialport,bus=vmpower-serial${controller}.0,nr=${port},chardev=vmpower${number},name=virtio.serial.port.poweragent.${number}`,
      ] as const,
    ]),
  ];
}

/** The `channel=` of an xl configuration for channels 0 to count-1; undefined if xl cannot express the paths. */
export function xlChannels(place: SocketPlace, count: number): string | undefined {
  if (/[",]/.test(channelPath(place, 0))) return undefined;
  // Xen 4.17 ignores the first entry, because it takes it for the primary console.
  const entries = ["connection=pty,name=unused"];
  for (let number = 0; number < count; number++)
    entries.push(`connection=socket,path=${channelPath(place, number)},name=poweragent.${number}`);
  const lines = entries.map((entry) => `  "${entry}",`);
  return ["# xl loses the first entry, so this one is a placeholder.", "channel = [", ...lines, "]"].join(
    "\n",
  );
}

/** In a value for QEMU a comma is written twice. */
function doubleCommas(text: string): string {
  return text.replaceAll(",", ",,");
}

function quoteForShell(text: string): string {
  return /^[\w./,=:@%+-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
