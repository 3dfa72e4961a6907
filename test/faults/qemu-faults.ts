import type { Fault } from "./fault.ts";

const FILE = "test/hypervisor/qemu.test.ts";

/** Faults in the limits for processes that say that they are QEMU. */
export const QEMU_FAULTS: readonly Fault[] = [
  {
    promise: "a process of another user is not served",
    file: "src/hypervisor/qemu/examine.ts",
    line: "if (uids.length > 0 && stranger === undefined) return undefined;",
    instead: "if (uids.length > 0) return undefined;",
    test: FILE,
    name: "does not serve a process of another user, or in a container, whatever it calls itself, and says so once",
  },
  {
    promise: "a container is a PID namespace or a user namespace",
    file: "src/hypervisor/qemu/examine.ts",
    line: " || !hasOurUsers(proc, pid)",
    instead: "",
    test: FILE,
    name: "does not serve a process of another user, or in a container, whatever it calls itself, and says so once",
  },
  {
    promise: "a container never gets the bare name of a VM",
    file: "src/hypervisor/qemu/names.ts",
    line: "isUsable && !isContained ? [base] : []",
    instead: "isUsable ? [base] : []",
    test: FILE,
    name: "tells VMs of one name apart: the oldest on the host has it, in containers none",
  },
  {
    promise: "no link leads out of another root",
    file: "src/os/open-in-root.ts",
    line: "O_PATH | constants.O_NOFOLLOW",
    instead: "O_PATH",
    test: "test/os/open-in-root.test.ts",
    name: "finds files as a process with that root does: neither .. nor a link leads out",
  },
  {
    promise: "a socket of another root is not taken for the host's",
    file: "src/hypervisor/qemu/sockets.ts",
    line: 'theirs !== "" && theirs === identityOf("/", path)',
    instead: "true",
    test: "test/hypervisor/qemu-sockets.test.ts",
    name: "below another root is found there, and neither .. nor a link leads out of it",
  },
  {
    promise: "the number of a process that ended is no identity",
    file: "src/hypervisor/qemu/process-watch.ts",
    line: "if (ended.has(qemu.pidfd)) this.#forget(qemu);",
    instead: "if (!this.#list.has(qemu.pid)) this.#forget(qemu);",
    test: FILE,
    name: "a process with the number of one that ended is another VM",
  },
  {
    promise: "the command line of a process is bounded",
    file: "src/hypervisor/qemu/proc.ts",
    line: "return size > bytesMax ? undefined : buffer",
    instead: "return buffer",
    test: FILE,
    name: "does not serve a QEMU that it cannot read, and bounds what it says about such",
  },
  {
    promise: "lines about processes that are not served are few",
    file: "src/hypervisor/qemu/refusals.ts",
    line: 'if (this.#limiter.allow("refused", performance.now()) !== undefined) this.#log.notice(text);',
    instead: "this.#log.notice(text);",
    test: FILE,
    name: "does not serve a QEMU that it cannot read, and bounds what it says about such",
  },
  {
    promise: "a command line that is no JSON does not end the daemon",
    file: "src/hypervisor/qemu/option-text.ts",
    line: "const value = jsonIn(text);",
    instead: "const value: unknown = JSON.parse(text);",
    test: "test/hypervisor/qemu-command-line.test.ts",
    name: "never throws, whatever the arguments",
  },
  {
    promise: "the drop-in for QEMU gives no more than is written",
    file: "packaging/examples/qemu.conf",
    line: "ProtectProc=default",
    instead: "ProtectProc=default\nNoNewPrivileges=no",
    test: "test/packaging/unit.test.ts",
    name: "rates the drop-ins for QEMU as it is written in SECURITY.md",
  },
];
