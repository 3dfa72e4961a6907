import type { Contract } from "./contract.ts";

/** What libvirt knows of a VM; the truth, whatever the daemon believes. */
export interface Vm {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  /** One for each run; -1 while it is off. */
  id: number;
  state: "running" | "paused" | "off";
  /** libvirt's number for why. */
  reason: number;
  /** The CPUs that each vCPU may run on. */
  pins: number[][];
  /** The CPUs that its emulator is pinned to; none if it is not pinned. */
  emulator: readonly number[];
  readonly contract: Contract;
  /** vCPUs that are plugged in, the first ones. */
  online: number;
}

/** libvirt's number of a state. */
export function stateNumber({ state }: Vm): number {
  return { running: 1, paused: 3, off: 5 }[state];
}

export const CHANNEL_DIRECTORY = "/tmp/powermonitor";

/** The definition of a VM as libvirt writes it, with a channel for each vCPU. */
export function xmlOf({ name, id, pins, online, emulator }: Vm): string {
  const channels = pins.map(
    (_, n) =>
      `<channel type='unix'><source mode='bind' path='${CHANNEL_DIRECTORY}/${name}.${n}'/>` +
      `<target type='virtio' name='virtio.serial.port.poweragent.${n}'/></channel>`,
  );
  const tune = emulator.length === 0 ? "" : `<cputune><emulatorpin cpuset='${emulator}'/></cputune>`;
  return (
    `<domain type='kvm' id='${id}'><name>${name}</name>` +
    `<vcpu placement='static' current='${online}'>${pins.length}</vcpu>${tune}` +
    `<devices>${channels.join("")}</devices></domain>`
  );
}
