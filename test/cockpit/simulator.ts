import { dirname, join } from "node:path";

const PROGRAM = join(import.meta.dir, "../../dist/vm-power");

/** The simulator: the real daemon on a simulated host. */
export interface Simulator {
  readonly directory: string;
  readonly socket: string;
  readonly monitorSocket: string;
  stop(): Promise<void>;
}

/** Starts the simulator for so many seconds at most, and returns when its daemon listens. */
export async function startSimulator(seconds = 120): Promise<Simulator> {
  const simulator = Bun.spawn([PROGRAM, "simulate", "--seconds", `${seconds}`], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const socket = await socketOf(simulator.stdout);
  const directory = dirname(socket);
  const monitorSocket = join(directory, "run/monitor.sock");
  return {
    directory,
    socket,
    monitorSocket,
    async stop() {
      simulator.kill("SIGTERM");
      await simulator.exited;
    },
  };
}

/** The simulator prints where its daemon listens. Its later output must be read too, or it ends. */
function socketOf(output: ReadableStream<Uint8Array>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  void (async () => {
    let said = "";
    for await (const chunk of output) {
      said += Buffer.from(chunk).toString();
      const found = /--socket (\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    }
    reject(new Error(`The simulator did not say where its daemon listens:\n${said}`));
  })();
  return promise;
}
