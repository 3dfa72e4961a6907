import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";

/** Makes a directory in memory: journals are synced, which is faster there than on a disk. */
export function makeMemoryDirectory(name: string): string {
  const memory = fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();
  return fs.mkdtempSync(join(memory, `vm-power-${name}-`));
}
