/** A domain as Xen lists it. */
export interface DomainInfo {
  readonly id: number;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  readonly isDying: boolean;
  readonly isPaused: boolean;
  /** Why it does not run any more: a `SHUTDOWN_` code (xen/include/public/sched.h); undefined while it runs. */
  readonly shutdown: number | undefined;
  readonly highestVcpu: number | undefined;
  readonly cpupool: number;
}

/** Bytes of a `struct xen_domctl_getdomaininfo` on x86. */
export const INFO_BYTES = 112;

/** Offsets in it. */
const AT = { id: 0, flags: 4, highestVcpu: 68, handle: 76, cpupool: 92 } as const;

const HANDLE_BYTES = 16;
const DYING = 1;
const SHUTDOWN = 4;
const PAUSED = 8;
const SHUTDOWN_SHIFT = 16;
const SHUTDOWN_MASK = 0xff;
const NO_VCPU = 0xffff_ffff;

/** Reads one domain of a list. */
export function readInfo(data: DataView, at: number): DomainInfo {
  const flags = data.getUint32(at + AT.flags, true);
  const highestVcpu = data.getUint32(at + AT.highestVcpu, true);
  const handle = new Uint8Array(data.buffer, data.byteOffset + at + AT.handle, HANDLE_BYTES);
  return {
    id: data.getUint16(at + AT.id, true),
    uuid: Buffer.from(handle).toString("hex"),
    isDying: (flags & DYING) !== 0,
    isPaused: (flags & PAUSED) !== 0,
    shutdown: (flags & SHUTDOWN) === 0 ? undefined : (flags >>> SHUTDOWN_SHIFT) & SHUTDOWN_MASK,
    highestVcpu: highestVcpu === NO_VCPU ? undefined : highestVcpu,
    cpupool: data.getUint32(at + AT.cpupool, true),
  };
}
