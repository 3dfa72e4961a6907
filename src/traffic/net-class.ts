import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../base/attempt.ts";
import { namesIn } from "../os/names-in.ts";
import type { PacketSource } from "./packet-meter.ts";

/** After an interface was not found, how long to wait in ms before all are listed again. */
const LIST_MS = 10_000;

/** Interfaces that are listed; a host has fewer. */
const INTERFACES_MAX = 16_384;

/**
 * Packet counters of taps and macvtaps, below a directory like `/sys/class/net`. Other interfaces of the host are never
 * looked at: their traffic is no guest's business.
 */
export function netClass(root: string, nowMs: () => number): PacketSource {
  let files = new Map<string, string>();
  let listedMs = Number.NEGATIVE_INFINITY;
  return async (_vm, mac) => {
    const known = countIn(files.get(mac) ?? files.get(tapKey(mac)));
    if (known !== undefined || nowMs() - listedMs < LIST_MS) return known;
    listedMs = nowMs();
    files = counterFiles(root);
    return countIn(files.get(mac) ?? files.get(tapKey(mac)));
  };
}

/** The file that counts what the guest received, by the MAC address that the guest has. */
function counterFiles(root: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of namesIn(root).slice(0, INTERFACES_MAX)) {
    const directory = join(root, name);
    const address = readText(join(directory, "address"));
    if (address === undefined) continue;
    // What the host sends into a tap is what the guest receives. A macvtap counts as the guest does.
    if (existsSync(join(directory, "tun_flags")))
      files.set(tapKey(address), join(directory, "statistics/tx_packets"));
    else if (existsSync(join(directory, "macvtap")))
      files.set(address, join(directory, "statistics/rx_packets"));
  }
  return files;
}

/** libvirt gives the host's side of a tap the guest's address with another first byte, so that one is left out. */
function tapKey(mac: string): string {
  return `tap ${mac.slice(2)}`;
}

function readText(file: string): string | undefined {
  return attempt(() => readFileSync(file, "utf8").trim().toLowerCase());
}

function countIn(file: string | undefined): number | undefined {
  const text = file === undefined ? undefined : readText(file);
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}
