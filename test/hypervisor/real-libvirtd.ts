import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LIBVIRTD = "/usr/sbin/libvirtd";
const VIRSH = "/usr/bin/virsh";

/** The longest time for libvirtd to start, or to stop. */
const PATIENCE_MS = 15_000;

/** The drivers to start, and their settings. */
export interface RealLibvirtdOptions {
  /** Its own directory: configuration, sockets, log. */
  readonly directory: string;
  readonly uri: string;
  /** The text of qemu.conf, for QEMU domains; without it only the built-in test driver is available. */
  readonly qemuConf?: string;
}

/** Why a real libvirtd cannot be started here; undefined when it can. */
export function whyNoLibvirtd(): string | undefined {
  const missing = [LIBVIRTD, VIRSH].filter((file) => !existsSync(file));
  if (missing.length > 0) return `${missing.join(" and ")} missing (Debian: libvirt-daemon, libvirt-clients)`;
  return process.getuid?.() === 0 ? undefined : "only root starts a libvirtd with sockets of its own";
}

/** Whether this machine allows mounts that only our own processes see. */
export function canUnshare(): boolean {
  return Bun.spawnSync(["unshare", "--mount", "true"], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
}

/** The real daemon, started for one test beside whatever else runs on this machine. */
export class RealLibvirtd {
  readonly #options: RealLibvirtdOptions;
  #process: Bun.Subprocess | undefined;

  constructor(options: RealLibvirtdOptions) {
    this.#options = options;
    for (const name of ["sockets", "no-drivers", "etc", "run", "var"])
      mkdirSync(this.#path(name), { recursive: true });
    writeFileSync(
      this.#path("libvirtd.conf"),
      [
        `unix_sock_dir = "${this.#path("sockets")}"`,
        'auth_unix_ro = "none"',
        'auth_unix_rw = "none"',
        // Without this it reads the machine's firmware tables, which may be missing.
        'host_uuid = "7a1b0a1c-3d4e-4f50-8a61-0123456789ab"',
        `log_outputs = "2:file:${this.#path("libvirtd.log")}"`,
        "",
      ].join("\n"),
    );
    // Where it would be beside sockets at their usual place.
    symlinkSync("../run/libvirt/qemu", this.#path("sockets/qemu"));
    if (options.qemuConf !== undefined) writeFileSync(this.#path("etc/qemu.conf"), options.qemuConf);
  }

  /** The read-only socket. */
  get socket(): string {
    return this.#path("sockets/libvirt-sock-ro");
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error("libvirtd does not run");
    return this.#process.pid;
  }

  /** The path of the file with the process number of a domain's QEMU. */
  qemuPidFile(domain: string): string {
    return this.#path(`run/libvirt/qemu/${domain}.pid`);
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const daemon = [LIBVIRTD, "--config", this.#path("libvirtd.conf"), "--pid-file", this.#path("pid")];
    const withQemu = this.#options.qemuConf !== undefined;
    this.#process = Bun.spawn(canUnshare() ? this.#alone(daemon) : daemon, {
      env: {
        PATH: process.env["PATH"],
        ...(withQemu ? {} : { LIBVIRT_DRIVER_DIR: this.#path("no-drivers") }),
      },
      stdout: Bun.file(this.#path("libvirtd.out")),
      stderr: Bun.file(this.#path("libvirtd.out")),
    });
    const end = performance.now() + PATIENCE_MS;
    while ((await this.virsh("list")).code !== 0) {
      const isOver = this.#process.exitCode !== null || performance.now() > end;
      if (isOver) throw new Error(`libvirtd does not answer\n${await this.log()}`);
      await Bun.sleep(50);
    }
  }

  /** Stops it; QEMU domains continue, as on a real host. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    this.#process = undefined;
    running.kill("SIGCONT");
    running.kill(signal);
    const timer = setTimeout(() => running.kill("SIGKILL"), PATIENCE_MS);
    await running.exited;
    clearTimeout(timer);
    if (signal === "SIGKILL") rmSync(this.#path("pid"), { force: true });
  }

  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Runs a command of virsh. */
  async virsh(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
    const { uri } = this.#options;
    const [scheme, rest] = uri.split(":", 2);
    const target = `${scheme}+unix:${rest}?socket=${this.#path("sockets/libvirt-sock")}`;
    const run = Bun.spawn([VIRSH, "--quiet", "--connect", target, ...args], {
      stdout: "pipe",
      stderr: "pipe",
      // On a terminal virsh starts an agent that asks for passwords, which fails without polkit.
      detached: true,
    });
    const output = (await new Response(run.stdout).text()) + (await new Response(run.stderr).text());
    return { code: await run.exited, output };
  }

  /** Runs a command of virsh that must succeed. */
  async must(...args: string[]): Promise<string> {
    const { code, output } = await this.virsh(...args);
    if (code !== 0) throw new Error(`virsh ${args.join(" ")}: ${output}\n${await this.log()}`);
    return output;
  }

  /** Its output, for the report of a failure. */
  async log(): Promise<string> {
    const texts = ["libvirtd.log", "libvirtd.out"].map((name) =>
      Bun.file(this.#path(name))
        .text()
        .catch(() => ""),
    );
    return (await Promise.all(texts)).join("");
  }

  /** libvirtd keeps state at fixed paths. There it gets directories of ours, also at its next start. */
  #alone(daemon: string[]): string[] {
    const script = [
      "set -e",
      'mount --bind "$1/run" /run',
      'mount --bind "$1/var" /var',
      'test ! -d /etc/libvirt || mount --bind "$1/etc" /etc/libvirt',
      // Debian's QEMU driver does not start without users that other packages create.
      'add() { grep -q "^$2:" "/etc/$1" || echo "$2:x:64055:$3" >>"$d/$1"; }',
      'd=$1; for file in passwd group; do cp "/etc/$file" "$d/$file"; done',
      "add passwd libvirt-qemu 64055::/nonexistent:/usr/sbin/nologin; add group libvirt-qemu; add group kvm",
      'for file in passwd group; do mount --bind "$d/$file" "/etc/$file"; done',
      'shift; exec "$@"',
    ].join("\n");
    return ["unshare", "--mount", "sh", "-c", script, "sh", this.#options.directory, ...daemon];
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }
}
