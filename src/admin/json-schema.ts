import type { Description, Struct, Type } from "./idl.ts";

/** A JSON Schema, or a part of one. */
type JsonSchema = { readonly [key: string]: unknown };

/**
 * Makes the JSON Schema of the replies of these methods, or of these types. Names that the description lacks are left
 * out.
 */
export function jsonSchema(names: readonly string[], { methods, types }: Description): JsonSchema {
  const used = new Set<string>();
  const bodies = names.flatMap((title) => {
    const type = methods.get(title)?.reply ?? types.get(title);
    return type === undefined ? [] : [{ title, ...schemaOf(type, used) }];
  });
  const definitions: Record<string, JsonSchema> = {};
  // The set grows during the loop: types refer to other types.
  for (const each of used) definitions[each] = schemaOf(types.get(each) as Type, used);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...(bodies.length === 1 ? bodies[0] : { anyOf: bodies }),
    ...(used.size === 0 ? {} : { $defs: definitions }),
  };
}

function schemaOf(type: Type, used: Set<string>): JsonSchema {
  switch (type.kind) {
    case "bool":
      return { type: "boolean" };
    case "int":
      return { type: "integer" };
    case "float":
      return { type: "number" };
    case "string":
    case "object":
      return { type: type.kind };
    case "choice":
      return { enum: [...type.words] };
    case "struct":
      return structSchema(type, used);
    case "named":
      used.add(type.name);
      return { $ref: `#/$defs/${type.name}` };
    case "maybe":
      return schemaOf(type.of, used);
    case "array":
      return { type: "array", items: schemaOf(type.of, used) };
    case "map":
      return { type: "object", additionalProperties: schemaOf(type.of, used) };
  }
}

/** Members may be added within a schema version, so unknown ones are allowed. */
function structSchema({ members }: Struct, used: Set<string>): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const [name, type] of members) properties[name] = schemaOf(type, used);
  const required = [...members].filter(([, type]) => type.kind !== "maybe").map(([name]) => name);
  return { type: "object", properties, required };
}
