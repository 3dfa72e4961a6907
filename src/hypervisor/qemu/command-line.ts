import { DEFINED_CONTRACT_MAX, DOMAIN_CHANNELS_MAX } from "../../base/domain.ts";
import { channelNumber } from "../port-name.ts";
import { isOn, lastOf, type Parameters, readOption } from "./option-text.ts";

/** Where QEMU listens for a channel: the path of a socket, or a descriptor that its parent opened, as libvirt does. */
export type ChannelSocket = { readonly path: string } | { readonly fd: number };

/** What the command line of a QEMU says. */
export interface CommandLine {
  readonly name: string | undefined;
  /** 32 hexadecimal digits. */
  readonly uuid: string | undefined;
  /** The sockets of its channels, by number. */
  readonly channels: ReadonlyMap<number, ChannelSocket>;
  /** What it says about the VM's contract, by name, not judged yet; undefined if nothing. */
  readonly contract: ReadonlyMap<string, string> | undefined;
  /** Whether it was started to receive a VM of another QEMU. */
  readonly isIncoming: boolean;
}

/** The options that are read, and the key of a first part without "=". */
const IMPLIED = {
  name: "guest",
  uuid: "uuid",
  smbios: "type",
  chardev: "backend",
  device: "driver",
  incoming: "uri",
} as const;

type Option = keyof typeof IMPLIED;

/** Types of SMBIOS tables. */
const SMBIOS = { system: "1", oemStrings: "11" } as const;

/** How an OEM string begins that says something about the contract: `io.vmpower.contract:MaxKhz=2400000`. */
const CONTRACT_PREFIX = "io.vmpower.contract:";

/** Reads the arguments of a QEMU. They are what who started it wrote, or what the process says they are: not judged yet. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const options = Object.groupBy(optionsOf(args), ({ option }) => option);
  const all = (option: Option) => (options[option] ?? []).map(({ parameters }) => parameters);
  const smbios = (type: string) => all("smbios").filter((each) => lastOf(each, "type") === type);
  const last = (list: readonly Parameters[], key: string) =>
    list.map((each) => lastOf(each, key)).findLast((value) => value !== undefined);
  return {
    name: last(all("name"), "guest") || undefined,
    uuid: uuidOf(last(all("uuid"), "uuid") ?? last(smbios(SMBIOS.system), "uuid")),
    channels: channelsOf(all("device"), all("chardev")),
    contract: contractOf(smbios(SMBIOS.oemStrings)),
    isIncoming: options.incoming !== undefined,
  };
}

function optionsOf(args: readonly string[]): { readonly option: Option; readonly parameters: Parameters }[] {
  return args.flatMap((arg, index) => {
    const option = /^--?([a-z]+)$/.exec(arg)?.[1] ?? "";
    if (!isKnown(option)) return [];
    return [{ option, parameters: readOption(args[index + 1] ?? "", IMPLIED[option]) }];
  });
}

function isKnown(option: string): option is Option {
  return Object.hasOwn(IMPLIED, option);
}

/** Joins the ports that lead to this daemon with the sockets behind them. The first port of a number counts. */
function channelsOf(
  devices: readonly Parameters[],
  chardevs: readonly Parameters[],
): Map<number, ChannelSocket> {
  const sockets = new Map<string, ChannelSocket>();
  for (const chardev of chardevs) {
    const socket = socketOf(chardev);
    if (socket !== undefined) sockets.set(lastOf(chardev, "id") ?? "", socket);
  }
  const channels = new Map<number, ChannelSocket>();
  for (const device of devices) {
    if (lastOf(device, "driver") !== "virtserialport") continue;
    const number = channelNumber("virtio", lastOf(device, "name") ?? "");
    const socket = sockets.get(lastOf(device, "chardev") ?? "");
    if (number === undefined || socket === undefined || channels.has(number)) continue;
    if (channels.size < DOMAIN_CHANNELS_MAX) channels.set(number, socket);
  }
  return channels;
}

/** The socket on which a character device listens; undefined for any other device. */
function socketOf(chardev: Parameters): ChannelSocket | undefined {
  if (lastOf(chardev, "backend") !== "socket" || !isOn(chardev, "server")) return undefined;
  const [path, fd] = [lastOf(chardev, "path"), lastOf(chardev, "fd")];
  if (path !== undefined) return isOn(chardev, "abstract") ? undefined : { path };
  return fd !== undefined && /^\d{1,7}$/.test(fd) ? { fd: Number(fd) } : undefined;
}

function uuidOf(text: string | undefined): string | undefined {
  const digits = text?.replaceAll("-", "").toLowerCase();
  return digits !== undefined && /^[0-9a-f]{32}$/.test(digits) ? digits : undefined;
}

/** As many and as long words as are looked at, and one more, so that who judges them can tell. */
function contractOf(tables: readonly Parameters[]): ReadonlyMap<string, string> | undefined {
  const { names, nameLength, valueLength } = DEFINED_CONTRACT_MAX;
  const contract = new Map<string, string>();
  for (const [key, text] of tables.flat()) {
    if (key !== "value" || !text.startsWith(CONTRACT_PREFIX) || contract.size > names) continue;
    const [name = "", ...value] = text.slice(CONTRACT_PREFIX.length).split("=");
    contract.set(name.slice(0, nameLength + 1), value.join("=").slice(0, valueLength + 1));
  }
  return contract.size === 0 ? undefined : contract;
}
