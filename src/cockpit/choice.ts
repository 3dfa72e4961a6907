/** What the user wants explained: a CPU, or a vCPU. */
export type Subject =
  | { readonly kind: "cpu"; readonly cpu: number }
  | { readonly kind: "vcpu"; readonly vm: string; readonly vcpu: number };

/** Whether both are the same. */
export function isSame(one: Subject | undefined, other: Subject | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
