import { dirname } from "node:path";
import { failure, type Result, success } from "../../base/result.ts";

/** Where libvirt puts its sockets. */
export const SOCKET_DIRECTORY = "/run/libvirt";

/** Hypervisors in URIs, and the daemon that serves only that one. */
const DAEMONS: ReadonlyMap<string, string> = new Map([
  ["qemu", "virtqemud"],
  ["xen", "virtxend"],
  ["lxc", "virtlxcd"],
  ["ch", "virtchd"],
  ["bhyve", "virtbhyved"],
  ["vbox", "virtvboxd"],
  ["vz", "virtvzd"],
]);

/** The sockets to try, and the URI to open there. */
export interface LibvirtAddress {
  /** The URI for the daemon, without transport and parameters, which are for the client. */
  readonly uri: string;
  /** Socket files, the preferred ones first. */
  readonly sockets: readonly string[];
  /** Where libvirt keeps the processes of its domains; undefined if they are none. */
  readonly pidFiles: string | undefined;
}

const URI = /^([a-z0-9]+)(?:\+([a-z0-9]+))?:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/;

/**
 * Finds the sockets for a URI: the given one, else that of the hypervisor's own daemon, else libvirtd's (on a modular
 * host virtproxyd's). The read-only socket comes first: to follow domains needs no right to change them.
 */
export function addressOf(
  uri: string,
  socket: string | undefined,
  directory: string,
): Result<LibvirtAddress> {
  const match = URI.exec(uri);
  const [, driver, transport, host, path, query] = match ?? [];
  if (driver === undefined) return failure(`"${uri}" is not a libvirt URI such as qemu:///system`);
  if (host !== "" || (transport !== undefined && transport !== "unix")) {
    return failure(`"${uri}" names another machine; only this one's CPUs can be scaled`);
  }
  const given = socket ?? new URLSearchParams(query ?? "").get("socket") ?? undefined;
  const sockets = given === undefined ? socketsIn(directory, DAEMONS.get(driver)) : [given];
  // Beside its sockets, at a user's own libvirt one level deeper.
  const [run = directory] = sockets.map((path) => dirname(path));
  const pidFiles = path === "/session" ? `${run}/qemu/run` : `${run}/qemu`;
  return success({
    uri: `${driver}://${path ?? "/"}`,
    sockets,
    pidFiles: driver === "qemu" ? pidFiles : undefined,
  });
}

/** Of an address, the sockets on which a domain can be changed. */
export function writableSockets({ sockets }: LibvirtAddress): readonly string[] {
  return sockets.filter((socket) => !socket.endsWith("-sock-ro"));
}

function socketsIn(directory: string, daemon: string | undefined): string[] {
  const names = daemon === undefined ? ["libvirt"] : [daemon, "libvirt"];
  return names.flatMap((name) => [`${directory}/${name}-sock-ro`, `${directory}/${name}-sock`]);
}
