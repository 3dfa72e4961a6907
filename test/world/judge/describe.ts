import { type Claim, SILENT } from "./claim.ts";

/** What is known of a claim, for a message. */
export function describeClaim(claim: Claim, nowMs: number): string {
  const { vm, run, vcpu, places, rules, isSettled, isWild } = claim;
  const wants = [...claim.wantsAt(nowMs)].map((state) =>
    state < 0 ? (state === SILENT ? "silent" : "absent") : `${state >> 1}${(state & 1) === 1 ? "t" : ""}`,
  );
  const where = places.map((cpus) => cpus.join(",")).join(" or ");
  const ruled = [...rules].map((rule) => rule?.kind).join("|");
  const what = isWild ? "anything" : wants.join("|");
  return `${vm.name}:${vcpu} run ${run} on ${where} wants ${what}${isSettled ? "" : "?"} ${ruled} ${JSON.stringify(vm.contract)}`;
}
