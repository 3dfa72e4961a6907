import { DOMAIN_CHANNELS_MAX } from "../../base/domain.ts";
import { channelNumber } from "../port-name.ts";
import type { DomainNames } from "./tracked-domain.ts";
import { isName } from "./words.ts";
import type { Xenstore } from "./xenstore.ts";

/** Below it are the consoles of all domains that dom0 serves; a channel is one of them. Only dom0 writes here. */
export const CONSOLES = "/local/domain/0/backend/console";

/** Below it the toolstack keeps the names of domains. */
export const VMS = "/vm";

/** Reads what the toolstack wrote about a domain. What the domain can write itself is not used. */
export async function readNames(xenstore: Xenstore, id: number): Promise<DomainNames> {
  const [name, devices] = await Promise.all([
    xenstore.trusted(`/local/domain/${id}/name`),
    xenstore.directory(`${CONSOLES}/${id}`),
  ]);
  const channels = await Promise.all(
    devices
      .filter((device) => /^\d{1,5}$/.test(device))
      .slice(0, DOMAIN_CHANNELS_MAX)
      .map((device) => readChannel(xenstore, `${CONSOLES}/${id}/${device}`)),
  );
  return {
    name: name !== undefined && isName(name) ? name : undefined,
    channels: new Map(channels.filter((channel) => channel !== undefined)),
  };
}

/** The path and the number of a channel; undefined for any other console. */
async function readChannel(xenstore: Xenstore, console: string): Promise<[string, number] | undefined> {
  const [connection, path, name] = await Promise.all([
    xenstore.trusted(`${console}/connection`),
    xenstore.trusted(`${console}/path`),
    xenstore.trusted(`${console}/name`),
  ]);
  const number = channelNumber("xen", name ?? "");
  return connection === "socket" && path !== undefined && number !== undefined ? [path, number] : undefined;
}

/** The domain whose consoles changed; undefined for another path. */
export function domainOfConsole(path: string): number | undefined {
  const id = path.startsWith(`${CONSOLES}/`) ? /^\d+/.exec(path.slice(CONSOLES.length + 1))?.[0] : undefined;
  return id === undefined ? undefined : Number(id);
}

/** The UUID in a path below {@link VMS}, as 32 hexadecimal digits; undefined for another path. */
export function uuidOfVm(path: string): string | undefined {
  const uuid = /^\/vm\/([0-9a-f-]{36})(?:-\d+)?(?:\/|$)/i.exec(path)?.[1];
  return uuid?.replaceAll("-", "").toLowerCase();
}
