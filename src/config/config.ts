import type { APP_KEYS } from "./app-keys.ts";
import type { Rules } from "./contract/rules.ts";
import type { ValuesOf } from "./key.ts";
import type { KEYS, SectionName, VM_KEYS } from "./keys.ts";
import type { Place } from "./problem.ts";
import type { Schedule } from "./schedule/schedules.ts";

/** All settings of an operator, by section. `keys.ts` says what each key means. */
export type Config = { readonly [Section in SectionName]: ValuesOf<(typeof KEYS)[Section]> } & {
  /** What is said about VMs. */
  readonly rules: Rules;
  /** `[schedule NAME]`, in the order of the files. */
  readonly schedules: readonly Schedule[];
  /** The applications of the host that may ask, in the order of the files. */
  readonly apps: readonly AppConfig[];
  /** Every setting with its place, to be shown. */
  readonly listing: readonly ListedSetting[];
};

/** What holds for one VM. */
export type VmConfig = ValuesOf<typeof VM_KEYS>;

/** What holds for one application. */
export type AppConfig = ValuesOf<typeof APP_KEYS> & { readonly name: string };

/** One setting that is in force, as an operator would write it. */
export interface ListedSetting {
  readonly section: string;
  readonly key: string;
  /** Undefined if the key has no default and is not set. */
  readonly text: string | undefined;
  /** Where it stands; undefined if it is built in. */
  readonly place: Place | undefined;
}
