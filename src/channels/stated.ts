import { SOCKET_PATH_BYTES_MAX } from "../base/socket-path.ts";
import type { Objection } from "./judge.ts";
import type { ChannelName } from "./name.ts";
import { ownPath } from "./place.ts";

/** The sockets of one VM. */
interface OfVm {
  readonly sockets: ReadonlyMap<string, number>;
  /** The first path of each number. No hypervisor lets a VM have two ports of one name, but a report might. */
  readonly firsts: ReadonlyMap<number, string>;
}

/** The sockets that the hypervisor reports, wherever they lie, and whose they are. */
export class StatedSockets {
  readonly #byVm = new Map<string, OfVm>();
  readonly #byPath = new Map<string, ChannelName[]>();

  /** Replaces the sockets of a VM. Returns the paths about which something else is reported from now on. */
  set(vm: string, sockets: ReadonlyMap<string, number> = new Map()): ReadonlySet<string> {
    const before = this.#byVm.get(vm)?.sockets ?? new Map<string, number>();
    const all = [...new Set([...before.keys(), ...sockets.keys()])];
    const changed = new Set(all.filter((path) => before.get(path) !== sockets.get(path)));
    for (const path of changed) this.#claim(path, vm, sockets.get(path));
    if (changed.size === 0) return changed;
    // The last entry of a number counts, so the order is turned round.
    const firsts = new Map([...sockets].map(([path, number]) => [number, path] as const).reverse());
    if (sockets.size > 0) this.#byVm.set(vm, { sockets, firsts });
    else this.#byVm.delete(vm);
    return changed;
  }

  /** Whose a socket is; undefined if the hypervisor does not report it. */
  of(path: string): ChannelName | undefined {
    return this.#byPath.get(path)?.[0];
  }

  /** Every path, once. */
  paths(): Iterable<string> {
    return this.#byPath.keys();
  }

  /** Why a reported socket must not be used; undefined if it may be, or is not reported. */
  objection(path: string): Objection | undefined {
    const [owner, other] = this.#byPath.get(path) ?? [];
    if (owner === undefined) return undefined;
    if (!path.startsWith("/")) return { reason: "the path of its socket does not begin at the root" };
    if (Buffer.byteLength(ownPath(path)) > SOCKET_PATH_BYTES_MAX)
      return { reason: `the path of its socket has more than ${SOCKET_PATH_BYTES_MAX} bytes` };
    if (other !== undefined)
      return {
        reason: `${owner.vm} and ${other.vm} are both said to have its socket`,
        remedy: "give each VM a path of its own",
      };
    const twin = this.#byVm.get(owner.vm)?.firsts.get(owner.number);
    if (twin === path) return undefined;
    return { reason: `channel ${owner.number} of its VM has another socket, "${twin}"` };
  }

  #claim(path: string, vm: string, number: number | undefined): void {
    const others = this.#byPath.get(path)?.filter((claim) => claim.vm !== vm) ?? [];
    const claims = number === undefined ? others : [...others, { vm, number }];
    if (claims.length > 0) this.#byPath.set(path, claims);
    else this.#byPath.delete(path);
  }
}
