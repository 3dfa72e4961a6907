import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Struct, Type } from "../../src/admin/idl.ts";

/**
 * Makes a value that conforms to a type, from the description alone. Its outermost lists have this many items, inner
 * ones few.
 */
function sampleOf(type: Type, items = 0): unknown {
  switch (type.kind) {
    case "bool":
      return false;
    case "int":
    case "float":
      return 1;
    case "string":
      return "x";
    case "choice":
      return [...type.words][0];
    case "array":
      return Array.from({ length: items }, () => sampleOf(type.of, Math.min(items, INNER_ITEMS)));
    case "struct":
      return sampleStruct(type, items);
    case "maybe":
      return items === 0 ? undefined : sampleOf(type.of, items);
    case "named":
      return sampleOf(CONTROL.types.get(type.name) as Type, items);
    case "map":
    case "object":
      return {};
  }
}

const INNER_ITEMS = 2;

/** Does what {@link sampleOf} does, for a struct. */
export function sampleStruct({ members }: Struct, items = 0): Record<string, unknown> {
  return Object.fromEntries([...members].map(([name, type]) => [name, sampleOf(type, items)]));
}
