import type { Random } from "../machine/random.ts";
import type { World } from "../world.ts";

/** A kind of thing that happens to a world. */
export interface Happening {
  readonly name: string;
  /** How often it happens, compared with others of its kind. */
  readonly weight: number;
  /**
   * Lets it happen once, with chance of its own, so that leaving out others changes nothing here. Returns to whom it
   * happened; undefined if there was nobody.
   */
  strike(world: World, random: Random): string | undefined;
}

/** Makes a kind of happening. */
export function happening(name: string, weight: number, strike: Happening["strike"]): Happening {
  return { name, weight, strike };
}
