import { UsageError } from "../../terminal/exit-code.ts";
import { quoted } from "../../terminal/text.ts";
import { readInventory } from "./inventory/read.ts";
import { selectHosts } from "./inventory/select.ts";
import { isHost } from "./ssh.ts";
import type { Target } from "./target.ts";

/** The most hosts of one command. */
const HOSTS_MAX = 1000;

/** What the options say about other hosts, as it was typed. */
export interface HostOptions {
  /** Hosts, or patterns of an inventory; undefined if none were named. */
  readonly hosts: readonly string[] | undefined;
  readonly inventory: string | undefined;
}

/** The hosts that a command is for; undefined if no other host is meant. */
export function chooseHosts({ hosts, inventory }: HostOptions): readonly Target[] | undefined {
  if (hosts === undefined && inventory === undefined) return undefined;
  const texts = hosts?.flatMap((text) => text.split(",")).filter((text) => text !== "") ?? ["all"];
  // A script with an unset variable must not run a command for other hosts on this host, or on all of an inventory.
  if (texts.length === 0) throw new UsageError("The list of hosts is empty: name hosts like web1,root@web2");
  const chosen = inventory === undefined ? [...new Set(texts)].map(named) : chosenFrom(inventory, texts);
  if (chosen.length === 0) throw new UsageError(`No host of ${inventory} matches "${texts.join(",")}"`);
  if (chosen.length > HOSTS_MAX)
    throw new UsageError(`${chosen.length} hosts are too many: name a group of at most ${HOSTS_MAX}`);
  return chosen;
}

function named(host: string): Target {
  if (!isHost(host)) throw new UsageError(`${quoted(host)} is not a host like web1 or root@web1`);
  return { name: host, address: host, port: undefined };
}

function chosenFrom(path: string, patterns: readonly string[]): Target[] {
  const inventory = readInventory(path);
  return selectHosts(inventory, patterns, path).map((name) => inventory.target(name));
}
