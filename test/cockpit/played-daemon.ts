import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newCounters } from "../../src/channels/counters.ts";

/** Replies by method, as the daemon would send them. */
export type Replies = Readonly<Record<string, object>>;

/** A daemon that answers what it is told to, and remembers what it was asked. */
export interface PlayedDaemon {
  readonly path: string;
  /** The methods that were called, in order. */
  readonly calls: string[];
  replies: Replies;
  /** Sends an event to who follows events. */
  tell(event: object): void;
  /** Ends all connections and listens no more. */
  stop(): void;
}

/** What is kept of a connection. */
interface Client {
  text: string;
  /** What it has not taken yet. */
  unsent: Uint8Array;
}

let played = 0;

function send(socket: Bun.Socket<Client>, message: object): void {
  socket.data.unsent = Buffer.concat([socket.data.unsent, Buffer.from(`${JSON.stringify(message)}\0`)]);
  flush(socket);
}

function flush(socket: Bun.Socket<Client>): void {
  const taken = socket.write(socket.data.unsent);
  socket.data.unsent = socket.data.unsent.subarray(Math.max(0, taken));
}

/** Starts it at a path of its own, or at that of an earlier one. */
export function playDaemon(replies: Replies, at?: string): PlayedDaemon {
  const path = at ?? join(tmpdir(), `vm-power-played-${process.pid}-${played++}.sock`);
  const clients = new Set<Bun.Socket<Client>>();
  const followers = new Set<Bun.Socket<Client>>();
  const calls: string[] = [];
  const daemon: PlayedDaemon = {
    path,
    calls,
    replies,
    tell(event) {
      const reply = { parameters: { schemaVersion: 1, event, lost: 0 }, continues: true };
      for (const socket of followers) send(socket, reply);
    },
    stop() {
      listener.stop();
      for (const socket of clients) socket.end();
      rmSync(path, { force: true });
    },
  };
  const answer = (socket: Bun.Socket<Client>, message: string) => {
    const { method } = JSON.parse(message) as { method: string };
    calls.push(method);
    const name = method.replace("io.vmpower.Monitor.", "");
    if (name === "Subscribe") followers.add(socket);
    else send(socket, daemon.replies[name] ?? { error: "org.varlink.service.MethodNotFound" });
  };
  const listener = Bun.listen<Client>({
    unix: path,
    socket: {
      open(socket) {
        socket.data = { text: "", unsent: new Uint8Array() };
        clients.add(socket);
      },
      data(socket, bytes) {
        const messages = (socket.data.text + bytes.toString()).split("\0");
        socket.data.text = messages.pop() ?? "";
        for (const message of messages) answer(socket, message);
      },
      drain: flush,
      close(socket) {
        clients.delete(socket);
        followers.delete(socket);
      },
    },
  });
  return daemon;
}

const COUNTERS = { ...newCounters(), framingErrors: 0 };

/** A CPU of a played host: the speeds in kHz that it runs at and that are set. */
export function playedCpu(pcpu: number, currentKhz: number, more: object = {}): object {
  return {
    pcpu,
    managed: true,
    driver: "acpi-cpufreq",
    socket: 0,
    clock: [pcpu],
    governor: "userspace",
    minKhz: 1_000_000,
    maxKhz: 3_000_000,
    currentKhz,
    setting: `${currentKhz}`,
    requestedKhz: currentKhz,
    tableKhz: [3_000_000, 2_000_000, 1_000_000],
    turbo: false,
    held: false,
    vcpus: [],
    ...more,
  };
}

/** A vCPU on a CPU, which has what it asked for. */
export function playedVcpu(vm: string, vcpu: number, more: object = {}): object {
  const khz = 2_000_000;
  return {
    vm,
    vcpu,
    pcpus: [vcpu],
    state: "claims",
    asked: "max",
    askedKhz: khz,
    grantedKhz: khz,
    actualKhz: khz,
    requests: 1,
    ...more,
  };
}

/** The replies of a daemon with these CPUs and vCPUs. */
export function playedHost(cpus: readonly object[], vcpus: readonly object[], status: object = {}): Replies {
  const ok = (parameters: object) => ({ parameters: { schemaVersion: 1, ...parameters } });
  const vms = [...new Set(vcpus.map((vcpu) => (vcpu as { vm: string }).vm))];
  return {
    GetStatus: ok({
      version: "0.1.0",
      pid: 1,
      startedAtMs: 0,
      hypervisor: { driver: "static", uri: "", state: "connected", domains: vms.length },
      channelDirectory: "/tmp/powermonitor",
      vms: vms.length,
      channels: 0,
      channelsConnected: 0,
      channelsRefused: 0,
      cpusManaged: cpus.length,
      cpusUnmanaged: 0,
      claims: vcpus.length,
      counters: COUNTERS,
      ...status,
    }),
    ListCpus: ok({ cpus }),
    GetLoad: ok({
      uptimeMs: 60_000,
      vms: vms.map((vm) => ({ vm, state: "running", requests: 1, refused: 0, drops: 0 })),
      vcpus,
    }),
    GetEnergy: ok({
      fromMs: 0,
      toMs: 0,
      meters: [],
      joules: 0,
      meteredJoules: 0,
      watts: 0,
      idleJoules: 0,
      hostJoules: 0,
      vms: vms.map((vm) => ({ vm, joules: 90, watts: 1.5 })),
      model: { fitted: false, staticWatts: 1, wattsPerGhz: 1, wattsPerGhz3: 1, turboWatts: 0 },
    }),
    GetHistory: ok({ events: [], omitted: 0 }),
    ListChannels: ok({ channels: [] }),
  };
}
