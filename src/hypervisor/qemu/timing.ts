/** How often to look at the processes of the host, in ms. */
export interface QemuTiming {
  /** Between two looks. A new QEMU, an ended one and a changed affinity are seen at the next. */
  readonly beatMs: number;
  /** How long a new process is looked at each time: it may become a QEMU a moment after it began. */
  readonly youngMs: number;
  /** Between two looks at an older process, and at the list of a QEMU's threads if their number has not changed. */
  readonly oldMs: number;
}

export const QEMU_TIMING: QemuTiming = { beatMs: 700, youngMs: 10_000, oldMs: 10_500 };
