import type { Fault } from "./fault.ts";

/** Faults in what the helper does for a daemon that may have been taken over. */
export const ATTACH_FAULTS: readonly Fault[] = [
  {
    promise: "the helper serves the daemon's user alone",
    file: "src/daemon/attach/serve-attach.ts",
    line: "looksOnly: peer.uid !== uid",
    instead: "looksOnly: peer.uid !== uid && peer.uid !== 0",
    test: "test/daemon/serve-attach.test.ts",
    name: "nobody but the daemon's user is served, not even root",
  },
  {
    promise: "the helper takes a name and numbers",
    file: "src/admin/parameters.ts",
    line: '["AttachChannels.vm", VM_NAME],',
    instead: "",
    test: "test/daemon/serve-attach.test.ts",
    name: "a daemon that was taken over can say nothing but a name and numbers",
  },
  {
    promise: "the helper attaches channels of vCPUs that the VM has",
    file: "src/hypervisor/libvirt/attach.ts",
    line: "if (highest >= Math.min(vcpus, VCPUS_MAX))",
    instead: "if (highest >= VCPUS_MAX)",
    test: "test/daemon/serve-attach.test.ts",
    name: "it refuses what cannot be done, with the remedy, and changes nothing",
  },
  {
    promise: "the helper attaches a bounded number at once",
    file: "src/hypervisor/libvirt/attach.ts",
    line: "if (missing.length > ATTACHED_MAX)",
    instead: "if (missing.length > VCPUS_MAX)",
    test: "test/daemon/serve-attach.test.ts",
    name: "a VM gets a bounded number of channels in one call",
  },
  {
    promise: "a flood of calls does not reach libvirt",
    file: "src/daemon/attach/serve-attach.ts",
    line: "if (left < 1) return false;",
    instead: "",
    test: "test/daemon/serve-attach.test.ts",
    name: "a flood of calls is refused after twenty, before libvirt is asked",
  },
  {
    promise: "a failure begins no loop",
    file: "src/daemon/attach/attach-at-start.ts",
    line: "this.#decided.add(name);",
    instead: "",
    test: "test/daemon/attach-at-start.test.ts",
    name: "a failure is told with its remedy, and not repeated before the next start",
  },
  {
    promise: "channels that are detached stay detached",
    file: "src/daemon/attach/attach-at-start.ts",
    line: "    this.#decided.add(name);\n    const { vms } = this.#options.parts();",
    instead:
      "    const { vms } = this.#options.parts();\n    if (channels?.size === 0) this.#decided.add(name);",
    test: "test/daemon/attach-at-start.test.ts",
    name: "channels that are detached while it runs stay detached",
  },
];
