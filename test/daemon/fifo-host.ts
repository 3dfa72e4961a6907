import { afterEach, expect } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { UID } from "./app-host.ts";
import { makeTestHost, type TestHost } from "./host.ts";

/** Switches FIFOs on. */
export const ON = "[channels]\nFifos=yes\n";

/** Switches FIFOs on, and makes the user of the tests an application. */
export const APP = `${ON}[app mine]\nUser=${UID}\nCpus=2-3\n`;

/** An object that asks for a speed. */
export const power = (unit: string) => `{"instruction": {"command": "power", "unit": "${unit}"}}\n`;

/** Makes a host with FIFOs, one for a test. It is removed after each test of the file. */
export function fifoHost() {
  let host: TestHost;
  afterEach(() => host.remove());

  function make(options: Parameters<typeof makeTestHost>[0]): void {
    host = makeTestHost(options);
  }

  const fifo = (cpu: number) => join(host.channels, `fifo${cpu}`);
  const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
  const speeds = (...cpus: number[]) => cpus.map(speed);
  const lines = (text: string) =>
    host
      .log()
      .split("\n")
      .filter((line) => line.includes(text));
  const askers = () =>
    host.ask("apps")["askers"] as { name: string; granted: number; refused: number; wants: object[] }[];
  const requests = () => askers().map(({ name, granted, refused }) => [name, granted, refused]);

  function makeFifo(cpu: number, mode = "600"): void {
    expect(Bun.spawnSync(["mkfifo", "-m", mode, fifo(cpu)]).exitCode).toBe(0);
  }

  /** Starts a daemon on a host with FIFOs for CPUs 2 and 3. */
  async function serve(sections: string): Promise<void> {
    make({ sections });
    for (const cpu of [2, 3]) makeFifo(cpu);
    await host.start();
  }

  /** Writes into a FIFO, in pieces with a rest between them; fails where nobody reads. */
  async function say(cpu: number, ...pieces: readonly string[]): Promise<void> {
    // Opened as a shell does, but a missing reader is an error.
    const fd = openSync(fifo(cpu), "r+");
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) await Bun.sleep(30);
      writeSync(fd, piece);
    }
    closeSync(fd);
  }

  return {
    get host() {
      return host;
    },
    fifo,
    speed,
    speeds,
    lines,
    askers,
    requests,
    make,
    makeFifo,
    serve,
    say,
  };
}
