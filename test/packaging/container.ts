import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BOOT_MS = 120_000;

/** The directory of the packages, as set by `make packages`. */
export const PACKAGES: string | undefined = process.env["PACKAGES"];

/** The result of a scenario: its failed checks, and their total number. */
export interface Outcome {
  readonly failed: readonly string[];
  readonly checks: number;
  /** The whole output, to find the reason of a failure. */
  readonly text: string;
}

/** Boots a host with its own systemd, runs the scenario, and removes the host. */
export function runScenario(name: string): Outcome {
  const stage = mkdtempSync(join(tmpdir(), "vm-power-scenario-"));
  try {
    chmodSync(stage, 0o755);
    copyFileSync(join(import.meta.dir, "scenarios", `${name}.sh`), join(stage, "run"));
    copyFileSync(join(import.meta.dir, "scenarios/words"), join(stage, "words"));
    const guests = join(stage, "guests");
    must("bun", "build", "--compile", join(import.meta.dir, "guests.ts"), "--outfile", guests);
    const root = must(join(import.meta.dir, "root"));
    const console = Bun.spawnSync(
      [
        ...["systemd-nspawn", "--quiet", "--boot", `--directory=${root}`, "--volatile=overlay"],
        ...["--register=no", "--keep-unit", "--private-network"],
        ...[`--bind=${stage}:/scenario`, `--bind-ro=${PACKAGES}:/packages`],
      ],
      { stdin: "ignore", timeout: BOOT_MS },
    ).stdout.toString();
    const out = join(stage, "out");
    const text = existsSync(out) ? readFileSync(out, "utf8") : console;
    const lines = text.split("\n");
    return {
      failed: lines.filter((line) => line.startsWith("not ok ")),
      checks: lines.filter((line) => line.startsWith("ok ")).length,
      text,
    };
  } finally {
    rmSync(stage, { recursive: true });
  }
}

/** The package of that name for this machine's architecture, or another one. */
export function packageFile(name: string, end: string): string {
  const files = readdirSync(PACKAGES ?? "").filter((file) => file.startsWith(name) && file.endsWith(end));
  if (files.length !== 1) throw new Error(`Expected one ${name}*${end} in ${PACKAGES}, found ${files}`);
  return join(PACKAGES ?? "", files[0] ?? "");
}

/** Runs a program that must succeed, and returns its output. */
export function must(...command: string[]): string {
  const [program = "", ...options] = command;
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    program === "bun" ? process.execPath : program,
    ...options,
  ]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout.toString().trim();
}
