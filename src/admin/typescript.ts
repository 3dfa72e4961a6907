import type { Description, Struct, Type } from "./idl.ts";

/** Names for parameters and replies of methods that the program refers to; other structs are written inside `Calls`. */
export interface StructNames {
  /** Names of parameters, by method. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Names of replies without `schemaVersion`, by method. */
  readonly replies: Readonly<Record<string, string>>;
}

/** The line width of the formatter. A longer union has one line per word. */
const WIDTH_MAX = 110;

/** The comment of a method with many replies begins with this. */
const STREAM_DOC = 'Needs "more"';

const VERSION_MEMBER = "schemaVersion";

/**
 * Writes an interface description as formatted TypeScript: its types, its errors, and the parameters and replies of
 * methods with one reply.
 */
export function typescriptOf(description: Description, names: StructNames): string {
  const blocks = [...description.types].map(([name, type]) =>
    declaration(name, type, description.typeDocs.get(name) ?? ""),
  );
  const declared = new Map<string, string>();
  const calls: string[] = [];
  /** Returns the name or the text of a struct. A struct with the same members as a named one gets that name. */
  function structText(struct: Struct, name: string | undefined, doc: string): string {
    const text = typeText(struct);
    if (name !== undefined) {
      declared.set(text, name);
      blocks.push(declaration(name, struct, doc));
    }
    return declared.get(text) ?? text;
  }
  for (const [method, { doc, parameters, reply }] of description.methods) {
    const members = new Map([...reply.members].filter(([name]) => name !== VERSION_MEMBER));
    const takes = structText(parameters, names.parameters[method], `What \`${method}\` takes.`);
    const answers = structText(
      { kind: "struct", members },
      names.replies[method],
      `What \`${method}\` answers.`,
    );
    if (!doc.startsWith(STREAM_DOC)) calls.push(`${method}: { takes: ${takes}; answers: ${answers} };`);
  }
  const errors = [...description.errors].map(([name, { parameters }]) => `${name}: ${typeText(parameters)};`);
  blocks.push("/** No members. */\nexport type Nothing = Readonly<Record<never, never>>;\n");
  blocks.push(block("What each method that answers once takes and answers.", "Calls", calls));
  blocks.push(block("What each error tells.", "Errors", errors));
  return blocks.join("\n");
}

function declaration(name: string, type: Type, doc: string): string {
  if (type.kind === "struct") return block(doc, name, memberLines(type));
  return `${comment(doc)}export type ${name} = ${typeText(type)};\n`;
}

function block(doc: string, name: string, lines: readonly string[]): string {
  return `${comment(doc)}export interface ${name} {\n${lines.map((line) => `  ${folded(line)}\n`).join("")}}\n`;
}

function comment(doc: string): string {
  const lines = doc.split("\n");
  return lines.length === 1 ? `/** ${doc} */\n` : `/**\n${lines.map((line) => ` * ${line}\n`).join("")} */\n`;
}

function memberLines({ members }: Struct): string[] {
  return [...members].map(([name, type]) => `readonly ${memberText(name, type)};`);
}

function memberText(name: string, type: Type): string {
  return type.kind === "maybe" ? `${name}?: ${typeText(type.of)} | undefined` : `${name}: ${typeText(type)}`;
}

function typeText(type: Type): string {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "int":
    case "float":
      return "number";
    case "string":
    case "object":
      return type.kind;
    case "choice":
      return [...type.words].map((word) => `"${word}"`).join(" | ");
    case "struct":
      if (type.members.size === 0) return "Nothing";
      return `{ ${memberLines(type).join(" ").slice(0, -1)} }`;
    case "named":
      return type.name;
    case "maybe":
      return `${typeText(type.of)} | undefined`;
    case "array":
      return `readonly ${elementText(type.of)}[]`;
    case "map":
      return `Readonly<Record<string, ${typeText(type.of)}>>`;
  }
}

function elementText(type: Type): string {
  const text = typeText(type);
  return type.kind === "choice" || type.kind === "maybe" || type.kind === "array" ? `(${text})` : text;
}

/** Breaks a member that is too long for a line: a method between its parts, a union between its words. */
function folded(line: string): string {
  if (line.length + 2 <= WIDTH_MAX) return line;
  const call = /^(\w+): \{ (takes: .*); (answers: .*) \};$/.exec(line);
  if (call !== null) return `${call[1]}: {\n    ${call[2]};\n    ${call[3]};\n  };`;
  const [head = "", ...words] = line.replace(/;$/, "").split(/: (?=")| \| /);
  return `${head}:\n${words.map((word) => `    | ${word}`).join("\n")};`;
}
