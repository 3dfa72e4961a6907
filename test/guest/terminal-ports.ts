import { dlopen, FFIType, ptr } from "bun:ffi";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "./virtio-port.ts";

const { i32, ptr: pointer, u64 } = FFIType;
const libc = dlopen("libc.so.6", {
  grantpt: { args: [i32], returns: i32 },
  unlockpt: { args: [i32], returns: i32 },
  ptsname_r: { args: [i32, pointer, u64], returns: i32 },
}).symbols;

/**
 * Ports in their own directory, made of terminals: real files to open, read and write, with a host at the other end.
 */
export interface TerminalPorts {
  /** The directory in place of `/dev/virtio-ports`. */
  readonly directory: string;
  add(name: string, host: Host): TerminalPort;
  remove(): void;
}

/** One of them. */
export interface TerminalPort {
  readonly path: string;
  /** All bytes that the guest has written. */
  readonly sent: readonly Uint8Array[];
  /** The host sends bytes without a request. */
  send(bytes: Uint8Array): void;
}

const { O_RDWR, O_NOCTTY, O_NONBLOCK } = fs.constants;

/** `raw`: like a virtio port; otherwise like a new terminal, which echoes and changes bytes. */
export function terminalPorts({ raw = true } = {}): TerminalPorts {
  const directory = fs.mkdtempSync(join(tmpdir(), "vm-power-ports-"));
  const closing: (() => void)[] = [];
  return {
    directory,
    add(name, host) {
      const master = fs.openSync("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
      const terminal = terminalOf(master);
      // Kept open, so that the terminal does not hang up when the guest closes it.
      const slave = fs.openSync(terminal, O_RDWR | O_NOCTTY);
      if (raw) spawnSync("stty", ["-F", terminal, "raw", "-echo"]);
      const path = join(directory, name);
      fs.symlinkSync(terminal, path);
      const sent: Uint8Array[] = [];
      const send = (bytes: Uint8Array) => void fs.writeSync(master, bytes);
      const timer = setInterval(() => {
        for (let packet = read(master); packet !== undefined; packet = read(master)) {
          sent.push(packet);
          for (const answer of host(packet)) send(answer);
        }
      }, 1);
      closing.push(() => {
        clearInterval(timer);
        fs.closeSync(slave);
        fs.closeSync(master);
      });
      return { path, sent, send };
    },
    remove() {
      for (const close of closing) close();
      fs.rmSync(directory, { recursive: true });
    },
  };
}

function terminalOf(master: number): string {
  const name = new Uint8Array(64);
  if (
    libc.grantpt(master) !== 0 ||
    libc.unlockpt(master) !== 0 ||
    libc.ptsname_r(master, ptr(name), 64) !== 0
  )
    throw new Error("Cannot make a terminal");
  return Buffer.from(name).toString("latin1").replace(/\0.*$/s, "");
}

function read(master: number): Uint8Array | undefined {
  const bytes = new Uint8Array(464);
  try {
    const size = fs.readSync(master, bytes);
    return size === 0 ? undefined : bytes.slice(0, size);
  } catch {
    return undefined;
  }
}
