import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { SavedPolicy } from "../../arbiter/policy-view.ts";
import type { SavedWant } from "../../arbiter/view.ts";
import type { Domain } from "../../base/domain.ts";
import type { Ending } from "../../base/origin.ts";
import type { PolicyClock } from "../local-hours.ts";

/** The most VMs whose guests' wants are kept. Another one takes the place of the oldest. */
const KEPT_MAX = 256;

/** What is needed to know what guests want, and to give it back. */
interface Used {
  readonly arbiter: Arbiter;
  readonly moment: PolicyClock;
}

/** What a guest wanted when its VM was saved. */
interface Kept {
  readonly wants: readonly SavedWant[];
  readonly policies: readonly SavedPolicy[];
}

/**
 * What the guests of VMs wanted that were saved to a file. A guest that is restored here has not noticed anything and does
 * not ask again, so it gets that back.
 */
export class SavedVms {
  /** By UUID, the oldest first. */
  readonly #kept = new Map<string, Kept>();

  /** A domain is about to be forgotten. */
  ended(domain: Domain | undefined, ending: Ending, { arbiter }: Pick<Used, "arbiter">): void {
    if (domain?.uuid === undefined || ending !== "saved") return;
    const isOwn = ({ vm }: { readonly vm: string }) => vm === domain.name;
    const wants = arbiter.savedWants().filter(isOwn);
    const policies = arbiter.policies.saved().filter(isOwn);
    if (wants.length + policies.length === 0) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= KEPT_MAX) this.#kept.delete(oldest);
    this.#kept.set(domain.uuid, { wants, policies });
  }

  /**
   * A domain runs that did not before. Returns whether its guest got back what it wanted. One that was started otherwise has
   * another guest.
   */
  began({ name, uuid = "", origin }: Domain, { arbiter, moment }: Used): boolean {
    const kept = this.#kept.get(uuid);
    this.#kept.delete(uuid);
    if (kept === undefined || origin !== "restored") return false;
    const present = moment();
    arbiter.takeOver(name, kept.wants, present.now);
    arbiter.policies.resume(name, kept.policies, present);
    return true;
  }
}
