import { type Node, parseSync, visitorKeys } from "oxc-parser";

/** One small change of a source file. */
export interface Mutation {
  /** The changed text: from its first character to the one behind its last. */
  readonly start: number;
  readonly end: number;
  /** What stands there instead. A removed statement leaves nothing. */
  readonly instead: string;
  /** What the change replaces: the switch that turns it on must fit in there. */
  readonly kind: "expression" | "statement" | "member";
}

/** Operators and what they become. `<` is changed to its boundary and to its opposite. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "&": ["|"],
  "|": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
  "*=": ["/="],
  "/=": ["*="],
  "??=": ["="],
};
/** Where an operator is a whole condition, its opposite is no more than the condition set to true and to false. */
const OPPOSITES = ["<>=", "<=>", "><=", ">=<", "===!==", "!====="];
const METHODS = new Map(Object.entries({ some: "every", every: "some", min: "max", max: "min" }));
const REMOVED = [
  "ExpressionStatement",
  "ReturnStatement",
  "ThrowStatement",
  "BreakStatement",
  "ContinueStatement",
];
/** Types and their like are no code; of these a part is. */
const TYPED_CODE = ["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"];

/** All changes of a file, in the order of their places. */
export function mutationsOf(path: string, text: string): Mutation[] {
  const found: Mutation[] = [];
  visit(parse(path, text), undefined, (node, parent) => found.push(...changesOf(node, parent, text)));
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** Parses a source file; throws what the parser says of one that is no TypeScript. */
export function parse(path: string, text: string): Node {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`Cannot parse "${path}": ${errors[0].message}`);
  return program;
}

/** Calls this for each node of code, and for none of a type. */
export function visit(
  node: Node,
  parent: Node | undefined,
  found: (node: Node, parent?: Node) => void,
): void {
  if (node.type.startsWith("TS") && !TYPED_CODE.includes(node.type)) return;
  found(node, parent);
  for (const key of visitorKeys[node.type] ?? []) {
    const value = (node as unknown as Record<string, unknown>)[key];
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === "object" && child !== null) visit(child as Node, node, found);
  }
}

function changesOf(node: Node, parent: Node | undefined, text: string): Mutation[] {
  const { start, end } = node;
  const isCondition =
    parent !== undefined && "test" in parent && parent.test === node && parent.type !== "SwitchCase";
  const instead = [
    ...(isCondition ? conditions(parent) : []),
    ...operatorChanges(node, isCondition, text),
    ...(isKey(node, parent) ? [] : literalChanges(node)),
  ];
  const found: Mutation[] = instead.map((text) => ({ start, end, instead: text, kind: "expression" }));
  if (REMOVED.includes(node.type) && isRemovable(node, parent))
    found.push({ start, end, instead: "", kind: "statement" });
  if (parent?.type === "CallExpression" && parent.callee === node && node.type === "MemberExpression") {
    const { property } = node;
    const other = property.type === "Identifier" && !node.computed ? METHODS.get(property.name) : undefined;
    if (other !== undefined)
      found.push({ start: property.start, end: property.end, instead: other, kind: "member" });
  }
  return found;
}

function operatorChanges(node: Node, isCondition: boolean, text: string): string[] {
  const of = ({ start, end }: Node) => text.slice(start, end);
  if (node.type === "UnaryExpression")
    return node.operator === "!" && !isCondition ? [of(node.argument)] : [];
  if (node.type === "UpdateExpression") {
    const other = node.operator === "++" ? "--" : "++";
    return [node.prefix ? `${other}${of(node.argument)}` : `${of(node.argument)}${other}`];
  }
  const isPair =
    node.type === "BinaryExpression" ||
    node.type === "LogicalExpression" ||
    node.type === "AssignmentExpression";
  if (!isPair || (node.operator === "+" && isText(node))) return [];
  const { left, operator, right } = node;
  return (OPERATORS[operator] ?? [])
    .filter((other) => !isCondition || !OPPOSITES.includes(operator + other))
    .map((other) => `${grouped(left, of)} ${other} ${grouped(right, of)}`);
}

function literalChanges(node: Node): string[] {
  if (node.type !== "Literal") return [];
  if (typeof node.value === "boolean") return [`${!node.value}`];
  return typeof node.value === "number" ? [`${node.value + 1}`] : [];
}

function conditions(parent: Node): string[] {
  return parent.type === "IfStatement" || parent.type === "ConditionalExpression"
    ? ["true", "false"]
    : ["false"];
}

/** An operand as text that stands beside any operator. */
function grouped(operand: Node, of: (node: Node) => string): string {
  return /^(Identifier|Literal|MemberExpression|CallExpression|PrivateIdentifier)$/.test(operand.type)
    ? of(operand)
    : `(${of(operand)})`;
}

/** Whether a sum joins texts, as far as it can be seen. */
function isText(node: Node): boolean {
  if (node.type === "BinaryExpression") return isText(node.left as Node) || isText(node.right);
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
}

function isKey(node: Node, parent: Node | undefined): boolean {
  return parent !== undefined && "key" in parent && parent.key === node;
}

/** A return that ends its function changes its result, which other changes do as well; super() must stay. */
function isRemovable(node: Node, parent: Node | undefined): boolean {
  if (node.type === "ReturnStatement" && parent?.type === "BlockStatement")
    return parent.body.at(-1) !== node;
  return !(
    node.type === "ExpressionStatement" &&
    (typeof node.directive === "string" || isSuper(node.expression))
  );
}

function isSuper(expression: Node): boolean {
  return expression.type === "CallExpression" && expression.callee.type === "Super";
}
