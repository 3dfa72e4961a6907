import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "../../test/daemon/host.ts";
import { until } from "../../test/daemon/until.ts";

/** Where `interop/dpdk/run` put what it compiled, and where it wants files of a run. */
const WORK = process.env["INTEROP_WORK"] ?? "";

const DEVICES = "/dev/virtio-ports/virtio.serial.port.poweragent";

/** Longest wait for one answer of a guest; its init alone takes the library 1 s. */
const ANSWER_MS = 15_000;

/** DPDK needs two lcores, not two CPUs. */
const EAL = [
  ...["--lcores", `0@${firstCpu()},1@${firstCpu()}`],
  ...["--no-huge", "--no-pci", "--no-shconf", "--no-telemetry", "-m", "64"],
];

/** A host with one VM of two vCPUs, whose guest is played by DPDK. */
export interface Stage {
  readonly host: TestHost;
  /** The packets that each lcore's port received from the guest so far. */
  recorded(lcore: number): Uint8Array;
  /** Waits until the daemon has connected to the ports so many times. */
  connected(times: number): Promise<void>;
  /** A process with DPDK's power library. */
  guest(): Promise<Guest>;
  /** Debian's own test of the guest's side. */
  autotest(): { readonly code: number; readonly out: string };
  remove(): Promise<void>;
}

/** DPDK's return value, and the bytes that it received. */
export interface Answer {
  readonly result: number;
  readonly bytes?: Uint8Array;
}

/** See guest.c for the calls. */
export interface Guest {
  call(...words: readonly (string | number)[]): Promise<Answer>;
  end(): Promise<void>;
}

/** Starts a daemon and one port per lcore, and awaits that they are connected. */
export async function makeStage(sections: string): Promise<Stage> {
  if (!existsSync(join(WORK, "guest"))) throw new Error("Start this with interop/dpdk/run");
  const host = makeTestHost({ sections });
  const ports = [0, 1].map((lcore) => startPort(host, lcore));
  const guests: Guest[] = [];
  const stage: Stage = {
    host,
    recorded: (lcore) => new Uint8Array(readFileSync(ports[lcore]?.record ?? "")),
    connected: (times) => until(() => ports.every((port) => port.connections() >= times)),
    async guest() {
      const guest = await startGuest();
      guests.push(guest);
      return guest;
    },
    autotest() {
      const { exitCode, stdout, stderr } = Bun.spawnSync(["dpdk-test", ...EAL], {
        stdin: "ignore",
        env: { ...process.env, DPDK_TEST: "power_kvm_vm_autotest", RUNTIME_DIRECTORY: WORK },
        timeout: 30_000,
      });
      return { code: exitCode, out: `${stdout}${stderr}` };
    },
    async remove() {
      for (const guest of guests) await guest.end();
      for (const port of ports) await port.end();
      await host.remove();
    },
  };
  try {
    await until(() => ports.every((port) => port.isListening()));
    await host.start();
    await stage.connected(1);
    return stage;
  } catch (error) {
    await stage.remove();
    throw error;
  }
}

function startPort(host: TestHost, lcore: number) {
  const record = join(host.directory, `guest-${lcore}.bytes`);
  mkdirSync("/dev/virtio-ports", { recursive: true });
  const port = Bun.spawn(
    [join(WORK, "port"), join(host.channels, `guest.${lcore}`), `${DEVICES}.${lcore}`, record],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  let said = "";
  void (async () => {
    for await (const chunk of port.stdout) said += Buffer.from(chunk).toString();
  })();
  return {
    record,
    isListening: () => said.includes("listening"),
    connections: () => said.split("\n").filter((line) => line === "connected").length,
    async end() {
      port.kill("SIGTERM");
      await port.exited;
    },
  };
}

async function startGuest(): Promise<Guest> {
  const guest = Bun.spawn([join(WORK, "guest"), ...EAL], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, RUNTIME_DIRECTORY: WORK },
  });
  let errors = "";
  void (async () => {
    for await (const chunk of guest.stderr) errors = (errors + Buffer.from(chunk).toString()).slice(-4000);
  })();
  const answers = answerLines(guest.stdout);
  const answer = async (what: string): Promise<Answer> => {
    const line = await Promise.race([answers.next(), Bun.sleep(ANSWER_MS).then(() => undefined)]);
    if (line?.value === undefined) throw new Error(`No answer of the guest to "${what}":\n${errors}`);
    const [, result, hex] = line.value.split(" ");
    return { result: Number(result), ...(hex ? { bytes: new Uint8Array(Buffer.from(hex, "hex")) } : {}) };
  };
  await answer("set the environment");
  return {
    async call(...words) {
      guest.stdin.write(`${words.join(" ")}\n`);
      guest.stdin.flush();
      return answer(words.join(" "));
    },
    async end() {
      guest.kill("SIGKILL");
      await guest.exited;
    },
  };
}

/** Only lines with replies; DPDK also prints others. */
async function* answerLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + Buffer.from(chunk).toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("> ")) yield line;
  }
  return undefined;
}

function firstCpu(): string {
  const list = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"));
  return list?.[1] ?? "0";
}
