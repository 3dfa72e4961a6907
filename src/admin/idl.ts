/** A varlink interface description, parsed. */
export interface Description {
  /** Reverse-domain name, `io.vmpower.Control`. */
  readonly name: string;
  /** The text it was parsed from, as `GetInterfaceDescription` hands it out. */
  readonly text: string;
  readonly doc: string;
  readonly types: ReadonlyMap<string, Type>;
  /** The comment above each type. */
  readonly typeDocs: ReadonlyMap<string, string>;
  readonly methods: ReadonlyMap<string, MethodDescription>;
  readonly errors: ReadonlyMap<string, ErrorDescription>;
}

/** A method: its parameters, its reply, and the comment above it. */
export interface MethodDescription {
  readonly doc: string;
  readonly parameters: Struct;
  readonly reply: Struct;
}

/** An error: its parameters, and the comment above it. */
export interface ErrorDescription {
  readonly doc: string;
  readonly parameters: Struct;
}

/** The type of a value. */
export type Type =
  | { readonly kind: "bool" | "int" | "float" | "string" | "object" }
  | Struct
  | { readonly kind: "choice"; readonly words: ReadonlySet<string> }
  | { readonly kind: "array" | "map" | "maybe"; readonly of: Type }
  | { readonly kind: "named"; readonly name: string };

/** Members by name. */
export interface Struct {
  readonly kind: "struct";
  readonly members: ReadonlyMap<string, Type>;
}
