import type { Refusal } from "../../arbiter/view.ts";
import { refusalText } from "./refusal-text.ts";

/** Describes why an application was refused something, with the remedy. */
export function appRefusalText(refusal: Refusal, app: string): string {
  const remedy = remedyFor(refusal);
  return remedy === undefined ? textOf(refusal) : `${textOf(refusal)} (${remedy} in [app ${app}])`;
}

function textOf(refusal: Refusal): string {
  switch (refusal.code) {
    case "too-many-requests":
      return `it may ask ${refusal.perSecond} times a second`;
    case "quarantined":
      return `it is not heard for ${Math.ceil(refusal.forMs / 1000)} s, because it asked ${refusal.asked} times a second`;
    case "not-running":
      return "the daemon is stopping";
    default:
      return refusalText(refusal);
  }
}

function remedyFor(refusal: Refusal): string | undefined {
  switch (refusal.code) {
    case "cpu-of-others":
      return "see Cpus=";
    case "turbo-forbidden":
      return "see Turbo=";
    case "operation-forbidden":
      return "see Operations=";
    case "policy-forbidden":
      return "see Policies=";
    case "too-many-requests":
    case "quarantined":
      return "see RequestsPerSecond=";
    default:
      return undefined;
  }
}
