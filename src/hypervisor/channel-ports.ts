/** Number of ports of a virtio-serial controller in QEMU. */
export const CONTROLLER_PORTS = 31;

/** Port 0 is reserved for a console. */
const FIRST_PORT = 1;

/** A virtio-serial controller, and its ports that are in use. */
export interface Controller {
  readonly index: number;
  readonly ports: number;
  readonly taken: ReadonlySet<number>;
}

/** The port of a channel. */
interface ChannelPort {
  readonly number: number;
  readonly controller: number;
  readonly port: number;
}

/** The ports of channels, and the controllers that must be added. */
export interface PortPlan {
  readonly ports: readonly ChannelPort[];
  readonly added: readonly number[];
}

/** Gives every channel a free port. Adds as few controllers as possible. */
export function planPorts(numbers: readonly number[], controllers: readonly Controller[]): PortPlan {
  const added: number[] = [];
  const free = freePorts(controllers, added);
  const ports = numbers.map((number): ChannelPort => {
    const { controller, port } = free.next().value;
    return { number, controller, port };
  });
  return { ports, added };
}

/** All free ports. A new controller is added when its first port is needed. */
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
