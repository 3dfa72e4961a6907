import { expect } from "bun:test";
import type { TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";

export const ONE_VM = "[vm web1]\nVcpus=2,3\n";

/** Starts the daemon of a host with {@link ONE_VM}, and sets CPU 2 to its lowest speed. */
export async function startScaled(host: TestHost): Promise<ReturnType<TestHost["port"]>> {
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  expect(host.tree.read(2, "scaling_setspeed")).toBe("1200000");
  return port;
}
