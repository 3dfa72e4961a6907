import { afterEach, beforeEach } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseHosts } from "../../src/ctl/hosts/choose.ts";

/** Makes a directory for inventories, which each test of the file has for itself. */
export function inventoryFiles() {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "vm-power-inventory-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  return {
    get directory() {
      return directory;
    },
    file(name: string, text: string | Uint8Array): string {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    },
  };
}

/** Each chosen host as it is named and as ssh reaches it. */
export function chosen(inventory: string, ...hosts: readonly string[]): string[] {
  const targets = chooseHosts({ inventory, hosts: hosts.length === 0 ? undefined : hosts }) ?? [];
  return targets.map(({ name, address, port }) =>
    [name, ...(address === name ? [] : [address]), ...(port === undefined ? [] : [port])].join(" "),
  );
}
