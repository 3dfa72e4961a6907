import { spawn } from "node:child_process";
import type { DatagramSender } from "../../../../src/os/datagram.ts";

// In place of src/os/datagram.ts: Node has no datagrams of AF_UNIX, so systemd's own command sends them.

/** The least time between two signs of life, in ms: each is a process. The watchdog of the unit waits for minutes. */
const ALIVE_MS = 30_000;

export function datagramSender(address: string): DatagramSender {
  let aliveAtMs = Number.NEGATIVE_INFINITY;
  return {
    send(datagram) {
      const lines = new TextDecoder().decode(datagram).split("\n");
      if (lines.includes("WATCHDOG=1")) {
        if (performance.now() - aliveAtMs < ALIVE_MS) return true;
        aliveAtMs = performance.now();
      }
      spawn("systemd-notify", lines, {
        stdio: "ignore",
        env: { NOTIFY_SOCKET: address, PATH: "/usr/bin:/bin" },
      })
        // Without systemd's command nobody waits for the message.
        .on("error", () => {})
        .unref();
      return true;
    },
  };
}
