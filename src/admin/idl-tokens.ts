/** A piece of an interface description. */
export interface Token {
  readonly text: string;
  readonly line: number;
  /** The comment lines directly above it. */
  readonly doc: string;
}

/** An interface description that does not follow the grammar. */
export class IdlError extends Error {
  override readonly name = "IdlError";
}

/** A token with the space before it, or the space at the end of a line. */
const TOKEN = /\s*(?:([A-Za-z_][A-Za-z0-9_.-]*|->|\[\]|\[string\]|[?():,])|(?:#.*)?$)/y;

/** Splits a description into tokens; the last one is empty and marks the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let doc: string[] = [];
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const content = line.trim();
    if (content.startsWith("#")) {
      doc.push(content.slice(1).trim());
      continue;
    }
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < content.length; ) {
      const at = TOKEN.lastIndex;
      const match = TOKEN.exec(content);
      if (match === null)
        throw new IdlError(`Line ${index + 1}: unexpected "${content.slice(at).trimStart()}"`);
      const [, word] = match;
      if (word === undefined) break;
      tokens.push({ text: word, line: index + 1, doc: doc.length === 0 ? "" : doc.join("\n") });
      doc = [];
    }
    // A comment belongs to the next token unless an empty line is between them.
    if (content === "") doc = [];
  }
  tokens.push({ text: "", line: lines.length, doc: "" });
  return tokens;
}
