/** Kinds of log lines. `journalctl -x` finds the explanation of each in the catalog. */
export const MESSAGE_IDS = {
  /** The daemon is ready. */
  ready: "f5057fee4c3e445982dd21250b729601",
  /** The daemon ends. */
  stopping: "f41fcb28e1ec42299aa5148c01a8c3f5",
  /** A fault of the daemon itself. */
  fault: "b7b3ff7b623d48df8cd58cc6f137bdc5",
  /** Another configuration is in force. */
  reloaded: "e52fec142d754a6a85840f4ce50ee168",
  /** Another configuration was refused. */
  notReloaded: "43c243ee094546ce9f76663f8330df68",
  /** A VM was started, paused or moved to other CPUs. */
  vmRuns: "d01e13be235f461f83923dd14744f3e0",
  /** A VM is gone. */
  vmGone: "d8aaa1f6d2b641ba9e97f5f843c901ee",
  /** A channel is connected, lost or refused. */
  channel: "44d09f3d38c24ebb95bab91cd20b52cf",
  /** A guest's request was refused. */
  requestRefused: "54dc765189f846dc9f9326be5a7eff0d",
  /** A guest sent bytes that are no packet. */
  malformed: "dd75ef1ba5574e7583c8396ebe77367b",
  /** Another program changed a CPU. */
  drift: "311466440f9e4cd3a7aae4a6ac9448a7",
  /** The kernel refused a setting. */
  writeRefused: "b8134e77a4c9427daf6c72f9b192e0d9",
  /** A CPU could not be put back. */
  notPutBack: "5372f53ff9524fef88395aad5fac0dba",
  /** An operator changed something. */
  operator: "abda62a8573241ef8c0031d8dc083c34",
  /** A channel asked so often that it is not heard for a while. */
  quarantined: "e32c23ad45374ee398fcb88a9941915e",
  /** A guest asked for something in a dry run. */
  dryRun: "5d0c3f8a2b6e4f0d9a71c4e83b52f6a9",
} as const;
