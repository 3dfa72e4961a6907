import type { Struct, Type } from "./idl.ts";

/** Why a value is not of its type. */
export interface Mismatch {
  /** Member names and indices, outermost first; the first one is the parameter. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
}

/** The interface description to compare with. */
export interface Schema {
  readonly types: ReadonlyMap<string, Type>;
  /**
   * Whether unknown members and words are accepted. A client must accept them, because interfaces grow. A server must
   * not: a misspelt `cpus` would otherwise mean all CPUs.
   */
  readonly open: boolean;
}

/** Deepest nesting of values. Types may refer to themselves. */
const NESTING_MAX = 32;

/** Compares a value with a struct; undefined if it conforms. A member that is undefined or null counts as absent. */
export function conform(value: unknown, struct: Struct, schema: Schema): Mismatch | undefined {
  return conformStruct(value, struct, schema, 0);
}

/** Formats the place of a mismatch: `cpus[3].name`. */
export function formatPath(path: Mismatch["path"]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}

function conformType(value: unknown, type: Type, schema: Schema, depth: number): Mismatch | undefined {
  if (depth > NESTING_MAX) return mismatch("less nesting");
  switch (type.kind) {
    case "bool":
      return typeof value === "boolean" ? undefined : mismatch("bool");
    case "int":
      return Number.isSafeInteger(value) ? undefined : mismatch("int");
    case "float":
      return Number.isFinite(value) ? undefined : mismatch("float");
    case "string":
      return typeof value === "string" ? undefined : mismatch("string");
    case "object":
      return isObject(value) ? undefined : mismatch("object");
    case "choice":
      if (typeof value === "string" && (schema.open || type.words.has(value))) return undefined;
      return mismatch(`one of ${[...type.words].join(", ")}`);
    case "struct":
      return conformStruct(value, type, schema, depth);
    case "named":
      // The parser has checked that every name is defined.
      return conformType(value, schema.types.get(type.name) as Type, schema, depth + 1);
    case "maybe":
      return value === undefined || value === null
        ? undefined
        : conformType(value, type.of, schema, depth + 1);
    case "array":
      return Array.isArray(value) ? firstWrong(value.entries(), type.of, schema, depth) : mismatch("array");
    case "map":
      return isObject(value) ? firstWrong(Object.entries(value), type.of, schema, depth) : mismatch("map");
  }
}

function conformStruct(
  value: unknown,
  { members }: Struct,
  schema: Schema,
  depth: number,
): Mismatch | undefined {
  if (!isObject(value)) return mismatch("object");
  if (!schema.open) {
    const unknown = Object.keys(value).find((name) => !members.has(name));
    if (unknown !== undefined) return under(unknown, mismatch("a known member"));
  }
  for (const [name, type] of members) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const wrong = conformType(member, type, schema, depth + 1);
    if (wrong !== undefined) return under(name, wrong);
  }
  return undefined;
}

function firstWrong(
  entries: Iterable<[string | number, unknown]>,
  type: Type,
  schema: Schema,
  depth: number,
): Mismatch | undefined {
  for (const [step, value] of entries) {
    const wrong = conformType(value, type, schema, depth + 1);
    if (wrong !== undefined) return under(step, wrong);
  }
  return undefined;
}

function mismatch(expected: string): Mismatch {
  return { path: [], expected };
}

function under(step: string | number, { path, expected }: Mismatch): Mismatch {
  return { path: [step, ...path], expected };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
