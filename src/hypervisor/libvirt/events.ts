import { type DomainRef, readDomain } from "./messages.ts";
import { EVENT } from "./protocol.ts";
import type { XdrReader } from "./xdr-reader.ts";

/** An event of a domain. It is a hint to look again, not the domain's state. */
export type DomainEvent =
  | {
      readonly kind: "lifecycle";
      readonly domain: DomainRef;
      readonly event: number;
      readonly detail: number;
    }
  | { readonly kind: "rebooted"; readonly domain: DomainRef }
  /** Its pinning, its devices or its metadata changed. */
  | { readonly kind: "changed"; readonly domain: DomainRef };

/** Reads an event; undefined if it is of a kind that was not registered, or of a domain that is left out. */
export function readDomainEvent(procedure: number, body: XdrReader): DomainEvent | undefined {
  const kind = kindOf(procedure);
  if (kind === undefined) return undefined;
  // The number of the registration. All events of one kind come from one registration.
  body.i32();
  const domain = readDomain(body);
  if (kind !== "lifecycle") return domain && { kind, domain };
  const event = body.i32();
  const detail = body.i32();
  return domain && { kind, domain, event, detail };
}

function kindOf(procedure: number): DomainEvent["kind"] | undefined {
  switch (procedure) {
    case EVENT.lifecycle.procedure:
      return "lifecycle";
    case EVENT.reboot.procedure:
      return "rebooted";
    case EVENT.tunable.procedure:
    case EVENT.deviceAdded.procedure:
    case EVENT.deviceRemoved.procedure:
    case EVENT.metadataChange.procedure:
      return "changed";
    default:
      return undefined;
  }
}
