import { afterEach } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Places } from "../../src/guest/library/choose.ts";
import { type TerminalPorts, terminalPorts } from "./terminal-ports.ts";

/** Makes machines of plain files, one for a test. They are removed after each test of the file. */
export function machines() {
  let ports: TerminalPorts | undefined;
  let directory = "";
  afterEach(() => {
    ports?.remove();
    ports = undefined;
    if (directory !== "") fs.rmSync(directory, { recursive: true });
    directory = "";
  });
  return {
    get directory() {
      return directory;
    },
    /** A machine without any environment, unless a test adds one. */
    places(): Places {
      directory = fs.mkdtempSync(join(tmpdir(), "vm-power-machine-"));
      const at = (name: string) => join(directory, name);
      return {
        virtioPorts: at("virtio-ports"),
        xenChannels: at("xen-channels"),
        xenDevices: at("xen-devices"),
        cpus: at("cpus"),
        journal: at("journal"),
      };
    },
    ports(options?: Parameters<typeof terminalPorts>[0]): TerminalPorts {
      ports = terminalPorts(options);
      return ports;
    },
  };
}
