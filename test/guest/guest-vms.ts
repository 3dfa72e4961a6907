import { afterEach } from "bun:test";
import { type OriginalHost, originalHost } from "./original-host.ts";
import { type TerminalPort, type TerminalPorts, terminalPorts } from "./terminal-ports.ts";

export const PORT = "virtio.serial.port.poweragent";

/** Makes guests with these ports, all of them with the same host. They are removed after each test of the file. */
export function guestVms() {
  const made: TerminalPorts[] = [];
  afterEach(() => {
    for (const ports of made.splice(0)) ports.remove();
  });
  return (numbers: readonly number[], host: OriginalHost = originalHost("20.02")) => {
    const ports = terminalPorts();
    made.push(ports);
    host.query = true;
    const added = numbers.map((number): TerminalPort => ports.add(`${PORT}.${number}`, host.host));
    return { host, ports: added, places: { virtioPorts: ports.directory } };
  };
}
