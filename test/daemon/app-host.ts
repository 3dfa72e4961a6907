import { afterEach } from "bun:test";
import { join } from "node:path";
import { rawClient } from "../admin/raw-client.ts";
import { makeTestHost, type TestHost } from "./host.ts";

/** The user of the tests, as the kernel tells it. */
export const UID = process.getuid?.() ?? 0;

/** A section that makes this user an application. */
export const APP = `[app mine]\nUser=${UID}\nCpus=2-3\n`;

/** A reply of io.vmpower.Request. */
export interface Reply {
  readonly error?: string;
  readonly parameters: Record<string, unknown>;
}

/** Makes a host with applications, one for a test. It is removed after each test of the file. */
export function appHost() {
  let host: TestHost;
  afterEach(() => host.remove());

  function make(options: Parameters<typeof makeTestHost>[0]): void {
    host = makeTestHost(options);
  }

  async function serve(sections: string): Promise<void> {
    make({ sections });
    await host.start();
  }

  const connect = () => rawClient(join(host.directory, "run/request.sock"));

  /** Makes calls of io.vmpower.Request on one connection. */
  async function calls(...given: readonly [method: string, parameters: object][]): Promise<Reply[]> {
    const client = await connect();
    for (const [method, parameters] of given)
      client.send(`${JSON.stringify({ method: `io.vmpower.Request.${method}`, parameters })}\0`);
    const replies = (await client.replies(given.length)) as Reply[];
    client.leave();
    return replies;
  }

  const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
  return {
    get host() {
      return host;
    },
    make,
    serve,
    connect,
    calls,
    call: async (method: string, parameters: object) => (await calls([method, parameters]))[0] as Reply,
    request: (...args: string[]) => host.run("vmpowerctl", "request", ...args),
    askers: () => host.ask("apps")["askers"] as { name: string; wants: object[]; refused: number }[],
    speed,
    speeds: (...cpus: number[]) => cpus.map(speed),
  };
}
