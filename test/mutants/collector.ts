import * as bunTest from "bun:test";

type Body = (...args: never[]) => unknown;

/** The hooks of a file or of a `describe`. */
interface Scope {
  readonly parent?: Scope;
  readonly hooks: { readonly [Name in Hook]: Body[] };
  isBegun: boolean;
}

type Hook = "beforeAll" | "beforeEach" | "afterEach" | "afterAll";

/** A test that a file made, with the hooks around it. */
interface Case {
  readonly name: string;
  /** Runs it once with its hooks; throws if it fails. */
  run(): Promise<void>;
}

/** What a test file makes when it is loaded. */
export interface Collected {
  readonly cases: readonly Case[];
  /** Runs what is to be done after all of them. */
  end(): Promise<void>;
}

/**
 * Stands in for bun:test while a test file is loaded, so that its tests can be run one by one, as often as it takes.
 * Expectations, spies and the like are Bun's own.
 */
export function collect(load: (module: object) => void): Collected {
  const cases: Case[] = [];
  const scopes: Scope[] = [];
  let scope = newScope(undefined);
  function newScope(parent: Scope | undefined): Scope {
    const hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
    const made = { ...(parent === undefined ? {} : { parent }), hooks, isBegun: false };
    scopes.push(made);
    return made;
  }
  const hook = (name: Hook) => (body: Body) => void scope.hooks[name].push(body);
  const addTest = (name: string, body: Body) => {
    const own = scope;
    cases.push({ name, run: () => runIn(own, body) });
  };
  const addGroup = (_name: string, body: Body) => {
    scope = newScope(scope);
    (body as () => void)();
    scope = scope.parent as Scope;
  };
  const hooks = { beforeAll: hook("beforeAll"), beforeEach: hook("beforeEach") };
  const after = { afterAll: hook("afterAll"), afterEach: hook("afterEach") };
  load({ ...bunTest, ...hooks, ...after, test: withForms(addTest), describe: withForms(addGroup) });
  return {
    cases,
    async end() {
      for (const each of scopes.reverse()) if (each.isBegun) await call(each.hooks.afterAll);
    },
  };
}

type Add = (name: string, body: Body) => void;

/** `test`, with the forms that the tests of this project use. */
function withForms(add: Add): Add & object {
  return Object.assign((name: string, body: Body) => add(name, body), {
    each: (rows: readonly unknown[]) => (name: string, body: Body) => {
      for (const [index, row] of rows.entries()) {
        const args = (Array.isArray(row) ? row : [row]) as never[];
        add(`${name} #${index}`, () => body(...args));
      }
    },
    skipIf: (skipped: boolean) => (skipped ? () => {} : add),
  });
}

async function runIn(scope: Scope, body: Body): Promise<void> {
  const around: Scope[] = [];
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) around.unshift(each);
  for (const each of around) {
    if (each.isBegun) continue;
    each.isBegun = true;
    await call(each.hooks.beforeAll);
  }
  try {
    for (const each of around) await call(each.hooks.beforeEach);
    await (body as () => unknown)();
  } finally {
    for (const each of around.reverse()) await call(each.hooks.afterEach);
  }
}

async function call(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await (body as () => unknown)();
}
