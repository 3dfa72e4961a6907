import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory of plain files like those of sysfs, with its own clock. */
export class MeterTree implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "vm-power-meters-"));
  readonly powercap = join(this.root, "powercap");
  readonly hwmon = join(this.root, "hwmon");
  nowMs = 1_000;

  /** Writes files below the root, by name. */
  write(files: Readonly<Record<string, string | number>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, name)), { recursive: true });
      writeFileSync(join(this.root, name), `${content}\n`);
    }
  }

  remove(name: string): void {
    rmSync(join(this.root, name), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The files of a RAPL zone. */
export function zone(path: string, name: string, uj: number, rangeUj = 262_143_328_850) {
  return {
    [`powercap/${path}/name`]: name,
    [`powercap/${path}/energy_uj`]: uj,
    [`powercap/${path}/max_energy_range_uj`]: rangeUj,
  };
}
