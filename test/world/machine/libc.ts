import type { Program } from "./program.ts";

const F_DUPFD_CLOEXEC = 1030;
const SO_PEERCRED = 17;
const CLOCK_PROCESS_CPUTIME_ID = 2;

/** What a program gets for `bun:ffi`: the calls of libc that the daemon makes. A pointer is the array itself. */
export function foreignFunctions(program: Program) {
  const { machine } = program;
  const symbols = {
    socket(): number {
      program.call();
      return program.open({ kind: "datagram" });
    },
    sendto(_fd: number, bytes: Uint8Array, length: number): number {
      program.call();
      machine.notified(program, new TextDecoder().decode(bytes));
      return length;
    },
    close(fd: number): number {
      program.call();
      program.close(fd);
      return 0;
    },
    fcntl(fd: number, command: number): number {
      program.call();
      const descriptor = program.get(fd, "fcntl");
      if (command !== F_DUPFD_CLOEXEC || descriptor.kind !== "listening") return -1;
      return program.open({ kind: "listening", socket: descriptor.socket, isAccepting: false });
    },
    flock(fd: number): number {
      program.call();
      const descriptor = program.get(fd, "flock");
      if (descriptor.kind !== "node") return -1;
      const { ino } = descriptor.node;
      const holder = machine.locks.get(ino);
      if (holder !== undefined && holder !== program) return -1;
      machine.locks.set(ino, program);
      return 0;
    },
    getsockopt(fd: number, _level: number, name: number, into: Int32Array): number {
      program.call();
      const descriptor = program.descriptors.get(fd);
      if (name !== SO_PEERCRED || descriptor?.kind !== "end") return -1;
      const { pid, uid, gid } = descriptor.end.other.owner;
      into.set([pid, uid, gid]);
      return 0;
    },
    /** Every program may have a realtime priority; none waits for a CPU here. */
    sched_setscheduler(): number {
      program.call();
      return 0;
    },
    clock_gettime(clock: number, into: BigInt64Array): number {
      program.call();
      // Programs take no time of a CPU here.
      const us = clock === CLOCK_PROCESS_CPUTIME_ID ? 0 : Math.floor(machine.timeline.nowMs * 1000);
      into[0] = BigInt(Math.floor(us / 1e6));
      into[1] = BigInt((us % 1e6) * 1000);
      return 0;
    },
  };
  return { ptr: <T>(array: T) => array, FFIType: {}, dlopen: () => ({ symbols }) };
}
