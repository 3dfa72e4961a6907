import type { Channel } from "./channel.ts";

/** Channels by path and by VM. The cost to add or remove one does not depend on their number. */
export class ChannelTable {
  readonly #byPath = new Map<string, Channel>();
  readonly #byVm = new Map<string, Map<string, Channel>>();
  /** Channels of a VM in the order of their numbers; made on demand. */
  readonly #sorted = new Map<string, readonly Channel[]>();

  get(path: string): Channel | undefined {
    return this.#byPath.get(path);
  }

  values(): Iterable<Channel> {
    return this.#byPath.values();
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

  add(channel: Channel): void {
    const own = this.#byVm.get(channel.vm) ?? new Map<string, Channel>();
    this.#byVm.set(channel.vm, own.set(channel.path, channel));
    this.#byPath.set(channel.path, channel);
    this.#sorted.delete(channel.vm);
  }

  remove({ path, vm }: Channel): void {
    this.#byPath.delete(path);
    this.#sorted.delete(vm);
    const own = this.#byVm.get(vm);
    own?.delete(path);
    if (own?.size === 0) this.#byVm.delete(vm);
  }

  clear(): void {
    this.#byPath.clear();
    this.#byVm.clear();
    this.#sorted.clear();
  }
}
