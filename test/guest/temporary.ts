import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that is removed at the end of the test. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = fs.mkdtempSync(join(tmpdir(), "vm-power-guest-"));
  return { path, [Symbol.dispose]: () => fs.rmSync(path, { recursive: true }) };
}
