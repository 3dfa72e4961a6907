import type { KEYS, SectionName, ValuesOf, VM_KEYS } from "./keys.ts";

/** All settings of an operator, by section. `keys.ts` says what each key means. */
export type Config = { readonly [Section in SectionName]: ValuesOf<(typeof KEYS)[Section]> } & {
  readonly vms: ReadonlyMap<string, VmConfig>;
};

/** The contract of one VM, section `[vm NAME]`. */
export type VmConfig = ValuesOf<typeof VM_KEYS>;
