import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openXen } from "../../src/hypervisor/xen/xen.ts";
import { FLAG, type PlayedDomain, SHUTDOWN_SHIFT } from "../xen/played-domains.ts";
import { PlayedXen } from "../xen/played-xen.ts";
import { FakeXenstored } from "./fake-xenstored.ts";
import { Recorder, until } from "./recorder.ts";

/** Short times, so that a test need not wait. */
const TIMING = {
  beatMs: 40,
  pausedBeatMs: 10,
  askedMs: 100,
  settleMs: 5,
  namesMs: 60_000,
  timeoutMs: 300,
  backoff: { firstMs: 10, maxMs: 20 },
};

/** A Xen host with dom0 and a hypervisor driver that follows it. */
export class XenStage implements AsyncDisposable {
  readonly xen = new PlayedXen();
  readonly recorder = new Recorder();
  readonly store: FakeXenstored;
  readonly #directory = fs.mkdtempSync(path.join(os.tmpdir(), "vm-power-xenstore-"));
  #follower: ReturnType<typeof openXen> | undefined;

  constructor() {
    this.store = new FakeXenstored(`${this.#directory}/socket`);
    this.xen.cores = [0, 1, 2, 3];
    this.boot(0, "Domain-0", { pins: [[0, 1, 2, 3]], uuid: "0".repeat(32) });
    this.recorder.news();
  }

  /** Adds a domain as xl does. */
  boot(
    id: number,
    name: string,
    { pins, uuid = `${id}`.padStart(32, "a"), flags = 0, channels = [] as string[] }: BootOptions,
  ): PlayedDomain {
    const domain = {
      id,
      handle: uuid,
      flags,
      pool: 0,
      vcpus: pins.map((list) => ({ online: true, pins: list })),
    };
    this.xen.domains.push(domain);
    this.xen.domains.sort((a, b) => a.id - b.id);
    this.store.fire("@introduceDomain");
    this.store.write(`/local/domain/${id}/name`, name, id === 0 ? ["n0"] : ["n0", `r${id}`]);
    for (const [i, socket] of channels.entries()) this.channel(id, i + 1, socket);
    return domain;
  }

  /** The backend's part of a channel; its number is the last part of the socket's name. */
  channel(id: number, device: number, socket: string): void {
    const console = `/local/domain/0/backend/console/${id}/${device}`;
    const permissions = ["n0", `r${id}`];
    this.store.write(`${console}/connection`, "socket", permissions);
    this.store.write(`${console}/name`, `poweragent.${socket.split(".").at(-1)}`, permissions);
    this.store.write(`${console}/path`, socket, permissions);
  }

  /** A domain says why it stops; the toolstack is told. */
  shutDown(id: number, code: number): void {
    const domain = this.domain(id);
    domain.flags |= FLAG.shutdown | (code << SHUTDOWN_SHIFT);
    this.store.fire("@releaseDomain");
  }

  /** The toolstack removes a domain. */
  destroy(id: number): void {
    this.xen.domains = this.xen.domains.filter((domain) => domain.id !== id);
    this.store.remove(`/local/domain/0/backend/console/${id}`);
    this.store.remove(`/local/domain/${id}`);
    this.store.fire("@releaseDomain");
  }

  domain(id: number): PlayedDomain {
    const domain = this.xen.domains.find((each) => each.id === id);
    if (domain === undefined) throw new Error(`No domain ${id}`);
    return domain;
  }

  follow(timing: Partial<typeof TIMING> = {}) {
    this.#follower = openXen(
      {
        log: this.recorder.log,
        socket: this.store.path,
        openControl: this.xen.open,
        timing: { ...TIMING, ...timing },
      },
      this.recorder,
    );
    return this.#follower;
  }

  /** Follows, and waits until everything that is there was reported. */
  async followed(timing: Partial<typeof TIMING> = {}) {
    const follower = this.follow(timing);
    await until(() => this.recorder.told.includes("ready"));
    return follower;
  }

  /** Waits for a report, and returns all reports since the last call. */
  async told(line: string): Promise<string[]> {
    await until(
      () => this.recorder.told.includes(line),
      () => [this.recorder.told, this.recorder.lines],
    );
    return this.recorder.news();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower?.close();
    this.store.stop();
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}

interface BootOptions {
  readonly pins: readonly (readonly number[])[];
  readonly uuid?: string;
  readonly flags?: number;
  readonly channels?: string[];
}
