import type { PolicyKind } from "../base/policy-kind.ts";
import { type Step, withdraw } from "./change.ts";
import type { Claim, Claimant, DomainState } from "./claim.ts";
import type { PolicyEntry } from "./policy-entry.ts";
import { levelOf, type Position, start } from "./position.ts";
import type { Refusal } from "./view.ts";
import type { Want } from "./want.ts";

/** Whether the contract of a domain allows guest policies of a kind. */
export function allows({ contract }: DomainState, kind: PolicyKind): boolean {
  return contract.policies.includes(kind);
}

/** Finds the claimant of a vCPU or pCPU that a policy names, or why there is none. */
export type ClaimantOf = (resource: number, physical: boolean) => Claimant | Refusal;

/**
 * Puts what a domain's policies want now in place of what they wanted before. `entries` are in order of precedence; `also`
 * are those that do not count any more. Returns the steps, to be undone if the kernel refuses them.
 */
export function putPolicyWants(
  state: DomainState,
  { entries, also }: { readonly entries: readonly PolicyEntry[]; readonly also: readonly PolicyEntry[] },
  claimantOf: ClaimantOf,
): Step[] {
  const counting = entries.filter(
    ({ order, speed }) => speed !== undefined && allows(state, order.rule.kind),
  );
  const steps: Step[] = [];
  for (const { resource, physical } of named([...entries, ...also])) {
    const claimant = claimantOf(resource, physical);
    if ("code" in claimant) continue;
    const entry = counting.find((each) => each.names(resource, physical));
    for (const claim of claimant.claims) {
      const { clock, wants } = claim;
      steps.push(...(entry === undefined ? withdraw(clock, wants, "guest-policy") : put(claim, entry)));
    }
  }
  return steps;
}

/** The vCPUs and pCPUs that policies name, each once. */
function named(entries: readonly PolicyEntry[]): Iterable<{ resource: number; physical: boolean }> {
  const found = new Map<string, { resource: number; physical: boolean }>();
  for (const { order } of entries)
    for (const resource of order.resources)
      found.set(`${order.physical} ${resource}`, { resource, physical: order.physical });
  return found.values();
}

function put({ claimant, clock, envelope, wants }: Claim, entry: PolicyEntry): readonly Step[] {
  const { order, speed = "max", atMs } = entry;
  const { table } = clock.clock;
  const before = wants.of("guest-policy");
  // Turbo is on or off as the vCPU's guest said last.
  const said = (wants.of("request") ?? before)?.position.turbo ?? entry.turbo.get(claimant.vcpu);
  const turbo = said ?? start(table, envelope).turbo;
  entry.turbo.set(claimant.vcpu, turbo);
  const position = levelOf(table, envelope, turbo, speed);
  const asked = `policy ${order.rule.kind}`;
  if (before?.asked === asked && before.atMs === atMs && isSame(before.position, position)) return [];
  const want: Want = {
    source: "guest-policy",
    holder: claimant.holder,
    asked,
    atMs,
    untilMs: undefined,
    exact: undefined,
    position,
    before: undefined,
  };
  wants.put(want);
  return [{ clock, wants, put: want, ended: undefined }];
}

function isSame(a: Position, b: Position): boolean {
  return a.index === b.index && a.turbo === b.turbo && a.bound === b.bound;
}
