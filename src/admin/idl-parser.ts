import type { Description, ErrorDescription, MethodDescription, Struct, Type } from "./idl.ts";
import { IdlError, type Token, tokenize } from "./idl-tokens.ts";

const INTERFACE_NAME = /^[A-Za-z](?:-*[A-Za-z0-9])*(?:\.[A-Za-z0-9](?:-*[A-Za-z0-9])*)+$/;
const TYPE_NAME = /^[A-Z][A-Za-z0-9]*$/;
const MEMBER_NAME = /^[A-Za-z](?:_?[A-Za-z0-9])*$/;
const PLAIN = ["bool", "int", "float", "string", "object"] as const;

/** Deepest nesting of types in a description. */
const NESTING_MAX = 16;

/**
 * A varlink interface description that is parsed when it is first looked into: most runs of the executable never do.
 * Descriptions are part of the program, so {@link IdlError} is thrown only then.
 */
export function describe(text: string, parse = parseIdl): Description {
  let parsed: Description | undefined;
  const part = <Part extends keyof Description>(name: Part) => {
    parsed ??= parse(text);
    return parsed[name];
  };
  return {
    name: /^interface (\S+)$/m.exec(text)?.[1] ?? "",
    text,
    get doc() {
      return part("doc");
    },
    get types() {
      return part("types");
    },
    get typeDocs() {
      return part("typeDocs");
    },
    get methods() {
      return part("methods");
    },
    get errors() {
      return part("errors");
    },
  };
}

/** Parses a varlink interface description. Throws {@link IdlError}. */
export function parseIdl(text: string): Description {
  const reader = new Reader(tokenize(text));
  const head = reader.expect("interface");
  const name = reader.name(INTERFACE_NAME, "interface name");
  const types = new Map<string, Type>();
  const typeDocs = new Map<string, string>();
  const methods = new Map<string, MethodDescription>();
  const errors = new Map<string, ErrorDescription>();
  for (let token = reader.take(); token.text !== ""; token = reader.take()) {
    const member = reader.name(TYPE_NAME, `name of ${token.text}`);
    if (types.has(member) || methods.has(member) || errors.has(member)) {
      throw new IdlError(`Line ${token.line}: "${member}" is defined twice`);
    }
    if (token.text === "type") {
      types.set(member, reader.members());
      typeDocs.set(member, token.doc);
    } else if (token.text === "error") {
      errors.set(member, { doc: token.doc, parameters: reader.struct() });
    } else if (token.text === "method") {
      const parameters = reader.struct();
      reader.expect("->");
      methods.set(member, { doc: token.doc, parameters, reply: reader.struct() });
    } else {
      throw new IdlError(`Line ${token.line}: expected type, method or error, found "${token.text}"`);
    }
  }
  for (const used of reader.namesUsed) {
    if (!types.has(used)) throw new IdlError(`Type "${used}" is not defined`);
  }
  return { name, text, doc: head.doc, types, typeDocs, methods, errors };
}

class Reader {
  readonly namesUsed = new Set<string>();
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  expect(text: string): Token {
    const token = this.take();
    if (token.text !== text)
      throw new IdlError(`Line ${token.line}: expected "${text}", found "${token.text}"`);
    return token;
  }

  name(pattern: RegExp, what: string): string {
    const token = this.take();
    if (!pattern.test(token.text)) throw new IdlError(`Line ${token.line}: "${token.text}" is no ${what}`);
    return token.text;
  }

  struct(): Struct {
    const { line } = this.#peek();
    const type = this.members();
    if (type.kind !== "struct") throw new IdlError(`Line ${line}: words where members are expected`);
    return type;
  }

  /** The content of parentheses: members with their types, or the words of an enumeration. */
  members(): Struct | Extract<Type, { kind: "choice" }> {
    const members = new Map<string, Type>();
    const words = new Set<string>();
    const { line } = this.expect("(");
    for (let first = true; this.#peek().text !== ")"; first = false) {
      if (!first) this.expect(",");
      const name = this.name(MEMBER_NAME, "member name");
      if (members.has(name) || words.has(name)) throw new IdlError(`Line ${line}: "${name}" stands twice`);
      if (this.#peek().text === ":") {
        this.take();
        members.set(name, this.#type());
      } else {
        words.add(name);
      }
    }
    this.expect(")");
    if (words.size === 0) return { kind: "struct", members };
    if (members.size > 0) throw new IdlError(`Line ${line}: members and words in one pair of parentheses`);
    return { kind: "choice", words };
  }

  #type(): Type {
    if (++this.#depth > NESTING_MAX) throw new IdlError(`Line ${this.#peek().line}: types nested too deep`);
    const type = this.#typeAtDepth();
    this.#depth--;
    return type;
  }

  #typeAtDepth(): Type {
    if (this.#peek().text === "(") return this.members();
    const token = this.take();
    if (token.text === "?") {
      const of = this.#type();
      if (of.kind === "maybe") throw new IdlError(`Line ${token.line}: "??"`);
      return { kind: "maybe", of };
    }
    if (token.text === "[]") return { kind: "array", of: this.#type() };
    if (token.text === "[string]") return { kind: "map", of: this.#type() };
    const plain = PLAIN.find((word) => word === token.text);
    if (plain !== undefined) return { kind: plain };
    if (!TYPE_NAME.test(token.text)) throw new IdlError(`Line ${token.line}: "${token.text}" is no type`);
    this.namesUsed.add(token.text);
    return { kind: "named", name: token.text };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { text: "", line: 0, doc: "" };
  }
}
