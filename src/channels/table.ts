import type { Channel } from "./channel.ts";

/** Channels by file name and by VM. The cost to add or remove one does not depend on their number. */
export class ChannelTable {
  readonly #byFile = new Map<string, Channel>();
  readonly #byVm = new Map<string, Map<string, Channel>>();
  /** Channels of a VM in the order of their numbers; made on demand. */
  readonly #sorted = new Map<string, readonly Channel[]>();

  get(file: string): Channel | undefined {
    return this.#byFile.get(file);
  }

  entries(): Iterable<[string, Channel]> {
    return this.#byFile.entries();
  }

  values(): Iterable<Channel> {
    return this.#byFile.values();
  }

  /** The channels of one VM, in the order of their numbers. */
  of(vm: string): readonly Channel[] {
    let sorted = this.#sorted.get(vm);
    if (sorted === undefined) {
      sorted = [...(this.#byVm.get(vm)?.values() ?? [])].sort((a, b) => a.number - b.number);
      if (sorted.length > 0) this.#sorted.set(vm, sorted);
    }
    return sorted;
  }

  add(file: string, channel: Channel): void {
    const own = this.#byVm.get(channel.vm) ?? new Map<string, Channel>();
    this.#byVm.set(channel.vm, own.set(file, channel));
    this.#byFile.set(file, channel);
    this.#sorted.delete(channel.vm);
  }

  remove(file: string, { vm }: Channel): void {
    this.#byFile.delete(file);
    this.#sorted.delete(vm);
    const own = this.#byVm.get(vm);
    own?.delete(file);
    if (own?.size === 0) this.#byVm.delete(vm);
  }

  clear(): void {
    this.#byFile.clear();
    this.#byVm.clear();
    this.#sorted.clear();
  }
}
