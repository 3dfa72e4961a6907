import fs from "node:fs";
import { attempt } from "../../base/attempt.ts";
import type { Errno } from "../../os/errno.ts";
import { namesIn } from "../../os/names-in.ts";
import { openDevice } from "./device.ts";
import { holderOf } from "./holder.ts";
import { type Failure, failure } from "./outcome.ts";
import { numbersOf, type PortSource } from "./port.ts";

/** The prefix of every port's name; the lcore's number follows. The VM's definition on the host gives the name. */
const VIRTIO_PORT_PREFIX = "virtio.serial.port.poweragent.";

/** The directory where udev links the ports by name. */
export const VIRTIO_DIRECTORY = "/dev/virtio-ports";

/** The directory where the kernel lists the ports, with or without udev. */
const SYSFS_PORTS = "/sys/class/virtio-ports";

/** The virtio-serial ports of a VM. */
export function virtioPorts(directory: string = VIRTIO_DIRECTORY): PortSource {
  const path = (port: number) => `${directory}/${VIRTIO_PORT_PREFIX}${port}`;
  return {
    list: () => numbersOf(namesIn(directory), VIRTIO_PORT_PREFIX),
    path,
    open(port) {
      const opened = openDevice(path(port));
      return opened.ok ? opened.value : openFailure(opened.why, directory, port);
    },
  };
}

/** Why a port does not exist in this guest, and the remedy on the right side. */
export function missingPort(directory: string, port: number, sysfs: string = SYSFS_PORTS): Failure {
  const name = `${VIRTIO_PORT_PREFIX}${port}`;
  const kernelNames = namesIn(sysfs).map((device) => nameOf(`${sysfs}/${device}/name`));
  if (kernelNames.includes(name)) {
    const reason = `Port "${name}" has no name in ${directory}: in this guest, udev must run`;
    return failure("no-port", reason);
  }
  const others = numbersOf(namesIn(directory), VIRTIO_PORT_PREFIX);
  if (others.length > 0) {
    const have = `this guest has ${others.join(", ")}`;
    return failure(
      "no-port",
      `There is no port ${port}, ${have}: on the host, give the VM a channel "${name}"`,
    );
  }
  const module = kernelNames.length > 0 ? "" : ", and in this guest the module virtio_console must be loaded";
  return failure(
    "no-port",
    `This guest has no power channel: on the host, give the VM a channel "${name}"${module}`,
  );
}

function openFailure(errno: Errno, directory: string, port: number): Failure {
  const path = `${directory}/${VIRTIO_PORT_PREFIX}${port}`;
  switch (errno) {
    case "EBUSY": {
      const holder = holderOf(path);
      const who = holder === undefined ? "another process" : `process ${holder.pid} (${holder.name})`;
      return failure(
        "busy",
        `Port ${port} is used by ${who}, and only one process can use it: in this guest, stop that one first`,
      );
    }
    case "EACCES":
    case "EPERM":
      return failure(
        "no-permission",
        `No permission to open "${path}": become root, or a member of group vm-power`,
      );
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
      return missingPort(directory, port);
    default:
      return failure("no-port", `Cannot open "${path}": ${errno}`);
  }
}

function nameOf(path: string): string {
  return attempt(() => fs.readFileSync(path, "utf8").trim()) ?? "";
}
