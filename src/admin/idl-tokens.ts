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

const TOKEN = /[A-Za-z_][A-Za-z0-9_.-]*|->|\[\]|\[string\]|[?():,]/y;

/** Splits a description into tokens; the last one is empty and marks the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let doc: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trim();
    if (content.startsWith("#")) {
      doc.push(content.slice(1).trim());
      continue;
    }
    let rest = content;
    while (rest !== "" && !rest.startsWith("#")) {
      TOKEN.lastIndex = 0;
      const match = TOKEN.exec(rest);
      if (match === null) throw new IdlError(`Line ${index + 1}: unexpected "${rest}"`);
      tokens.push({ text: match[0], line: index + 1, doc: doc.join("\n") });
      doc = [];
      rest = rest.slice(match[0].length).trimStart();
    }
    // A comment belongs to the next token unless an empty line is between them.
    if (content === "") doc = [];
  }
  tokens.push({ text: "", line: text.split("\n").length, doc: "" });
  return tokens;
}
