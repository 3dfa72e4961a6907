import { Program } from "../machine/program.ts";
import type { World } from "../world.ts";
import { makeOld } from "./old-handover.ts";

export const CONFIG = "/etc/vm-power.conf";

/** The user that the unit runs the daemon as. */
const OWNER = { uid: 990, gid: 990 };
const RESTART_MS = 1000;
const EXIT_CONFIG = 78;

/** How long a process may take to end after its last word. */
const EXIT_MS = 1000;
const EXIT_STEP_MS = 5;

/** The service manager: starts the daemon, ends it, restores after it, and starts it again. */
export class Service {
  program: Program | undefined;
  state: "off" | "starting" | "running" | "stopping" = "off";
  /** When the daemon was ready. */
  readyMs = Number.POSITIVE_INFINITY;
  aliveMs = 0;
  starts = 0;
  readonly #world: World;
  #wanted = false;
  #restoring: Program | undefined;
  #restarts = false;
  #isRestoreLost = false;
  #wasOld = false;
  #pid = 100;

  constructor(world: World) {
    this.#world = world;
  }

  get isRunning(): boolean {
    return this.state === "running";
  }

  /** Starts the daemon; with `diesBeforeChange` it is killed before it makes so many changes of files. */
  start(diesBeforeChange = Number.POSITIVE_INFINITY): void {
    if (this.state !== "off") return;
    this.#wanted = true;
    this.state = "starting";
    this.starts++;
    this.aliveMs = this.#world.timeline.nowMs;
    const program = this.#program();
    program.diesBeforeChange = diesBeforeChange;
    this.program = program;
    this.#world.judge.daemonStarts();
    program.onEnd(() => this.#world.timeline.soon(() => this.#ended(program, 137)));
    program.enter(() => {
      const daemon = this.#world.linked.start(program);
      daemon.serve(CONFIG).then(
        (code) => this.#exits(program, code, 0),
        (error) => {
          this.#world.crashed(program, error);
          this.#ended(program, 1);
        },
      );
    });
  }

  stop(): void {
    this.#wanted = false;
    this.#restarts = false;
    this.#signal("SIGTERM");
  }

  /** Starts the daemon again; with `wasOld` as if the one before had been the first version. */
  restart({ wasOld = false } = {}): void {
    if (!this.isRunning) return;
    this.#restarts = true;
    this.#wasOld = wasOld;
    this.#world.judge.daemonRestarts();
    this.program?.signal("SIGUSR2");
    this.#signal("SIGTERM");
  }

  reload(): void {
    if (this.isRunning) this.program?.signal("SIGHUP");
  }

  kill(): void {
    this.program?.kill();
  }

  /** The daemon is killed, and so is what should restore after it. */
  crash(): void {
    this.#isRestoreLost = true;
    this.kill();
  }

  /** The power fails: nothing is restored, and nothing starts. */
  powerOff(): void {
    const { program } = this;
    this.program = undefined;
    this.state = "off";
    this.#restarts = false;
    this.#wanted = false;
    program?.kill();
    this.#restoring?.kill();
    this.#restoring = undefined;
  }

  notified(text: string): void {
    this.aliveMs = this.#world.timeline.nowMs;
    if (!text.startsWith("READY=1") || this.state !== "starting") return;
    this.state = "running";
    this.readyMs = this.#world.timeline.nowMs;
  }

  #signal(name: string): void {
    if (this.state !== "running" && this.state !== "starting") return;
    this.state = "stopping";
    this.program?.signal(name);
  }

  /** A process ends when nothing of it waits any more: an open socket or a timer would keep it. */
  #exits(program: Program, code: number, waitedMs: number): void {
    const sockets = [...program.descriptors.values()].filter(({ kind }) => kind !== "datagram");
    const isOver = sockets.length === 0 && this.#world.timeline.waitingOf(program) === 0;
    if (isOver || waitedMs >= EXIT_MS) this.#ended(program, code);
    else this.#world.timeline.after(EXIT_STEP_MS, () => this.#exits(program, code, waitedMs + EXIT_STEP_MS));
  }

  #ended(program: Program, code: number): void {
    if (this.program !== program) return;
    this.program = undefined;
    this.state = "stopping";
    this.readyMs = Number.POSITIVE_INFINITY;
    this.#world.judge.daemonEnded(program, code, this.#restarts);
    program.kill();
    if (!this.#restarts) this.#world.dropFile("/run/vm-power/handover");
    else if (this.#wasOld) makeOld(this.#world.disk);
    if (this.#isRestoreLost) {
      this.#isRestoreLost = false;
      this.state = "off";
      this.#world.timeline.after(RESTART_MS, () => this.start(), this);
      return;
    }
    const restore = this.#program();
    this.#restoring = restore;
    const linked = this.#world.linked.start(restore);
    const done = (restored: number) => {
      if (!restore.isAlive) return;
      restore.kill();
      this.#restoring = undefined;
      this.state = "off";
      this.#world.judge.restored(restored, this.#restarts);
      const again = this.#restarts || (this.#wanted && code !== 0 && code !== EXIT_CONFIG);
      const delayMs = this.#restarts ? 0 : RESTART_MS;
      this.#restarts = false;
      if (again) this.#world.timeline.after(delayMs, () => this.start(), this);
    };
    restore.enter(() => {
      linked.restoreCommand(CONFIG, { kept: false }).then(done, (error) => {
        this.#world.crashed(restore, error);
        done(1);
      });
    });
  }

  #program(): Program {
    return new Program(this.#world, { pid: this.#pid++, ...OWNER });
  }
}
