import type { Invariant } from "../invariant.ts";

/** The daemon's own limit for all lines of its log in a minute, and what a start may add. */
const LINES_MAX = 10_000;
const DESCRIPTORS_MAX = 700;
const RUNTIME_FILES_MAX = 400;
const MINUTE_MS = 60_000;

export const limits: Invariant = {
  name: "limits",
  says: "Lines of the log, descriptors and files stay within their limits",
  logged(world) {
    const { lines } = world;
    lines.push(world.timeline.nowMs);
    if (lines.length <= LINES_MAX) return undefined;
    const first = lines.splice(0, 1)[0] as number;
    return world.timeline.nowMs - first < MINUTE_MS ? `more than ${LINES_MAX} lines in a minute` : undefined;
  },
  calm(world) {
    const open = world.service.program?.descriptors.size ?? 0;
    if (open > DESCRIPTORS_MAX) return `${open} open descriptors`;
    const files = world.disk.find("/run/vm-power/restore");
    const count = files?.kind === "directory" ? files.entries.size : 0;
    return count > RUNTIME_FILES_MAX ? `${count} files in the restore journal` : undefined;
  },
};
