import type { Fault } from "./fault.ts";

/** Faults in what is believed of inventories and of other hosts. */
export const FLEET_FAULTS: readonly Fault[] = [
  {
    promise: "a name of an inventory is no option of ssh and no word of a shell",
    file: "src/ctl/hosts/ssh.ts",
    line: "return /^[A-Za-z0-9_[][A-Za-z0-9_.@:%[\\]-]{0,254}$/.test(text);",
    instead: "return text.length < 255;",
    test: "test/ctl/inventory.test.ts",
    name: "no name, address or user of an inventory can become an option of ssh or a command of a shell",
  },
  {
    promise: "what an inventory says is judged before ssh is asked",
    file: "src/ctl/hosts/inventory/host-names.ts",
    line: "if (wrong !== undefined)",
    instead: "if (wrong !== undefined && names.length > 1)",
    test: "test/ctl/inventory-faults.test.ts",
    name: "is refused with file, line and remedy",
  },
  {
    promise: "what another host answers is judged",
    file: "src/ctl/status/health.ts",
    line: "conform(reply, description.reply, { types: CONTROL.types, open: true }) === undefined;",
    instead: "reply !== undefined;",
    test: "test/ctl/status-of-hosts.test.ts",
    name: "hostsTable() takes nothing for a status that is none, and shows no bytes that a terminal acts on",
  },
  {
    promise: "what other hosts print is bounded",
    file: "src/ctl/hosts/output.ts",
    line: "this.#left -= chunk.length;",
    instead: "",
    test: "test/ctl/status-of-hosts.test.ts",
    name: "OutputRoom keeps 16 MiB of one host and 256 MiB of all, and tells when there is more",
  },
];
