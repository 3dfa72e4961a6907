/** A value, or the reason why there is none. The packet path returns plain values instead, to allocate nothing. */
export type Result<T, Why = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: Why };

/** A {@link Result} that succeeded. */
export function success<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A {@link Result} that failed. */
export function failure<Why>(why: Why): { readonly ok: false; readonly why: Why } {
  return { ok: false, why };
}
