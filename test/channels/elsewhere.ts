import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Channels } from "../../src/channels/channels.ts";

/** Where libvirt makes up paths: a directory for each run of a VM, apart from the channel directory. */
export function elsewhere(host: { readonly directory: string }) {
  const directory = `${host.directory}.domain-1-web1`;
  mkdirSync(directory, { recursive: true });
  return {
    path: (file: string) => join(directory, file),
    directory,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export const served = (channels: Channels, vm: string) =>
  channels.of(vm).map(({ number, status, objection }) => [number, objection?.reason ?? status]);
