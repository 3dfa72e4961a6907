import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { openDevice } from "./device.ts";
import { failure } from "./outcome.ts";
import { numbersOf, type PortSource } from "./port.ts";

/** What the name of every channel begins with; the lcore's number follows. */
const CHANNEL_PREFIX = "poweragent.";

/** Where a udev rule puts the channels, by name. */
export const XEN_DIRECTORY = "/dev/xen-channels";

/** What a Xen guest knows of its consoles where no udev rule has named them. */
export interface XenBus {
  /** The directory of the kernel's devices, `/sys/bus/xen/devices`. */
  readonly devices: string;
  /** Where the consoles are, `/dev`. */
  readonly consoles: string;
  /** Reads a key of the guest's own part of xenstore. */
  readonly read: (key: string) => string | undefined;
}

/** The consoles of a Xen guest that are channels: by the names that udev gave them, else by those in xenstore. */
export function xenConsoles(directory: string, bus: XenBus): PortSource {
  /** Names of channels, and their devices. */
  const channels = () => {
    const named = namesIn(directory).map((name) => [name, `${directory}/${name}`] as const);
    return new Map([...busChannels(bus), ...named]);
  };
  const path = (port: number) =>
    channels().get(`${CHANNEL_PREFIX}${port}`) ?? `${directory}/${CHANNEL_PREFIX}${port}`;
  return {
    list: () => numbersOf([...channels().keys()], CHANNEL_PREFIX),
    path,
    open(port) {
      const console = path(port);
      const device = openDevice(console);
      if (device === "EACCES" || device === "EPERM")
        return failure(
          "no-permission",
          `No permission to open "${console}": become root, or a member of group vm-power`,
        );
      if (typeof device === "string") {
        const remedy = `on the host, give the VM a channel "connection=socket,name=${CHANNEL_PREFIX}${port},path=…"`;
        return failure("no-port", `There is no channel ${port} (${console}: ${device}): ${remedy}`);
      }
      // A console is a terminal: unless it is told otherwise it changes bytes, and sends them back.
      const { status } = spawnSync("stty", ["-F", console, "raw", "-echo"], { stdio: "ignore" });
      if (status === 0) return device;
      device.close();
      return failure(
        "no-port",
        `Cannot make "${console}" a plain channel: in this guest, stty must be installed`,
      );
    },
  };
}

/** The device of the bus `console-2` is `/dev/hvc2`, and xenstore has its name. */
function busChannels({ devices, consoles, read }: XenBus): [string, string][] {
  return numbersOf(namesIn(devices), "console-").flatMap((number) => {
    const name = read(`device/console/${number}/name`);
    return name === undefined ? [] : [[name, `${consoles}/hvc${number}`] as [string, string]];
  });
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}
