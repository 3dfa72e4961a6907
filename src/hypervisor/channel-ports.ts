/** Ports of a virtio-serial controller, as QEMU makes it. */
export const CONTROLLER_PORTS = 31;

/** Port 0 is for a console: nothing else may have it. */
const FIRST_PORT = 1;

/** A virtio-serial controller, and which of its ports are taken. */
export interface Controller {
  readonly index: number;
  readonly ports: number;
  readonly taken: ReadonlySet<number>;
}

/** Where a channel is plugged in. */
interface ChannelPort {
  readonly number: number;
  readonly controller: number;
  readonly port: number;
}

/** Where channels are plugged in, and the controllers that it takes beside those there are. */
export interface PortPlan {
  readonly ports: readonly ChannelPort[];
  readonly added: readonly number[];
}

/** Gives every channel a free port, on as few controllers more as it takes. */
export function planPorts(numbers: readonly number[], controllers: readonly Controller[]): PortPlan {
  const added: number[] = [];
  const free = freePorts(controllers, added);
  const ports = numbers.map((number): ChannelPort => {
    const { controller, port } = free.next().value;
    return { number, controller, port };
  });
  return { ports, added };
}

/** Free ports without end; new controllers are noted when the first of their ports is asked for. */
function* freePorts(
  controllers: readonly Controller[],
  added: number[],
): Generator<{ controller: number; port: number }, never> {
  for (const { index, ports, taken } of controllers)
    for (let port = FIRST_PORT; port < ports; port++) if (!taken.has(port)) yield { controller: index, port };
  const indices = new Set(controllers.map(({ index }) => index));
  for (let controller = 0; ; controller++) {
    if (indices.has(controller)) continue;
    added.push(controller);
    for (let port = FIRST_PORT; port < CONTROLLER_PORTS; port++) yield { controller, port };
  }
}
