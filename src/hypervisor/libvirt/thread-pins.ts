import { parseCpuList } from "../../base/cpu-list.ts";
import type { DomainThread, Pcpu } from "../../base/domain.ts";

/** The most iothreads with pins of their own; a domain with more cannot be followed. */
const IOTHREADS_MAX = 1024;

/** Collects where the threads of a domain beside its vCPUs may run, from the elements of its XML. */
export class ThreadPins {
  /** The CPUs of `<vcpu cpuset=…>`: they hold for each thread without pins of its own. */
  #default: readonly Pcpu[] | undefined;
  #emulator: readonly Pcpu[] | undefined;
  readonly #iothreads = new Map<string, readonly Pcpu[]>();
  #iothreadCount = 0;

  /** Takes an element, by its path from the root. */
  element(path: string, attributes: ReadonlyMap<string, string>): void {
    const pcpus = cpusOf(attributes.get("cpuset"));
    if (path === "domain/vcpu") this.#default = pcpus;
    if (path === "domain/cputune/emulatorpin") this.#emulator = pcpus;
    if (path !== "domain/cputune/iothreadpin" || pcpus === undefined) return;
    const id = attributes.get("iothread") ?? "";
    if (/^\d{1,9}$/.test(id) && this.#iothreads.size <= IOTHREADS_MAX) this.#iothreads.set(id, pcpus);
  }

  /** Takes the number of iothreads, as it is written. */
  iothreads(text: string): void {
    this.#iothreadCount = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  }

  problem(): string | undefined {
    return this.#iothreads.size > IOTHREADS_MAX ? `more than ${IOTHREADS_MAX} pins of iothreads` : undefined;
  }

  /** The threads that are pinned; undefined if none is. A thread without any pin runs where the kernel puts it. */
  found(): readonly DomainThread[] | undefined {
    const found: DomainThread[] = [];
    const emulator = this.#emulator ?? this.#default;
    if (emulator !== undefined) found.push({ name: "emulator", pcpus: emulator });
    for (const [id, pcpus] of this.#iothreads) found.push({ name: `iothread ${id}`, pcpus });
    if (this.#default !== undefined && this.#iothreadCount > this.#iothreads.size)
      found.push({ name: "iothreads", pcpus: this.#default });
    return found.length === 0 ? undefined : found;
  }
}

function cpusOf(text: string | undefined): readonly Pcpu[] | undefined {
  const pcpus = text === undefined ? undefined : parseCpuList(text);
  return pcpus?.length === 0 ? undefined : pcpus;
}
