import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LibvirtHypervisor, openLibvirt } from "../../src/hypervisor/libvirt/libvirt.ts";
import type { LibvirtTiming } from "../../src/hypervisor/libvirt/timing.ts";
import { FakeLibvirtd } from "./fake-libvirtd.ts";
import { Recorder, until } from "./recorder.ts";

/** Short times, so that tests are fast; lists are read only when a test wants one. */
export const TIMING: LibvirtTiming = {
  listMs: 60_000,
  settleMs: 5,
  callTimeoutMs: 400,
  backoff: { firstMs: 5, maxMs: 40 },
  stableMs: 60_000,
  silenceMs: 60_000,
};

/** A fake libvirtd, a recorder, and the hypervisor between them. */
export class Stage implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "vm-power-libvirt-"));
  readonly fake = new FakeLibvirtd(join(this.#directory, "sock"));
  readonly recorder = new Recorder();
  #hypervisor: LibvirtHypervisor | undefined;

  get hypervisor(): LibvirtHypervisor {
    if (this.#hypervisor === undefined) throw new Error("Nothing is open yet");
    return this.#hypervisor;
  }

  open(timing: Partial<LibvirtTiming> = {}): void {
    const options = { uri: "test:///default", socket: this.fake.path, log: this.recorder.log };
    this.#hypervisor = openLibvirt({ ...options, timing: { ...TIMING, ...timing } }, this.recorder);
  }

  /** Opens, waits until everything was read, and returns the events so far. */
  async opened(timing: Partial<LibvirtTiming> = {}): Promise<string[]> {
    this.open(timing);
    const { told, lines } = this.recorder;
    await until(
      () => told.includes("ready"),
      () => [told, lines],
    );
    return this.recorder.news();
  }

  /** Waits for exactly these events, in this order. */
  async news(...expected: string[]): Promise<void> {
    const { told } = this.recorder;
    await until(
      () => told.length >= expected.length,
      () => told,
    );
    expect(this.recorder.news()).toEqual(expected);
  }

  /** Waits until libvirt cannot be reached, and returns the reason. */
  async problem(): Promise<string | undefined> {
    await until(() => this.hypervisor.status().state === "unreachable");
    return this.hypervisor.status().problem;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hypervisor?.close();
    this.fake.stop();
    rmSync(this.#directory, { recursive: true });
  }
}
