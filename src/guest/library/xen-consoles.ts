import { spawnSync } from "node:child_process";
import { namesIn } from "../../os/names-in.ts";
import { openDevice } from "./device.ts";
import { failure } from "./outcome.ts";
import { numbersOf, type PortSource } from "./port.ts";

/** The prefix of every channel's name; the lcore's number follows. */
const CHANNEL_PREFIX = "poweragent.";

/** The directory where a udev rule links the channels by name. */
export const XEN_DIRECTORY = "/dev/xen-channels";

/** Sources for a Xen guest's consoles if no udev rule links them. */
export interface XenBus {
  /** The directory of the kernel's devices, `/sys/bus/xen/devices`. */
  readonly devices: string;
  /** The directory of the consoles, `/dev`. */
  readonly consoles: string;
  /** Reads a key below the guest's own directory in xenstore. */
  readonly read: (key: string) => string | undefined;
}

/** The consoles of a Xen guest that are channels, by the names from udev or else from xenstore. */
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
      const opened = openDevice(console);
      if (!opened.ok && (opened.why === "EACCES" || opened.why === "EPERM"))
        return failure(
          "no-permission",
          `No permission to open "${console}": become root, or a member of group vm-power`,
        );
      if (!opened.ok) {
        const remedy = `on the host, give the VM a channel "connection=socket,name=${CHANNEL_PREFIX}${port},path=…"`;
        return failure("no-port", `There is no channel ${port} (${console}: ${opened.why}): ${remedy}`);
      }
      const device = opened.value;
      // A console is a terminal: by default it changes bytes and echoes them.
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

/** The device `console-2` on the bus is `/dev/hvc2`, and its name is in xenstore. */
function busChannels({ devices, consoles, read }: XenBus): [string, string][] {
  return numbersOf(namesIn(devices), "console-").flatMap((number) => {
    const name = read(`device/console/${number}/name`);
    return name === undefined ? [] : [[name, `${consoles}/hvc${number}`] as [string, string]];
  });
}
