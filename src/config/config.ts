import type { Rules } from "./contract/rules.ts";
import type { KEYS, SectionName, ValuesOf, VM_KEYS } from "./keys.ts";

/** All settings of an operator, by section. `keys.ts` says what each key means. */
export type Config = { readonly [Section in SectionName]: ValuesOf<(typeof KEYS)[Section]> } & {
  /** What is said about VMs. */
  readonly rules: Rules;
};

/** What holds for one VM. */
export type VmConfig = ValuesOf<typeof VM_KEYS>;
