import type { Log } from "../../base/log.ts";
import { KEPT } from "../../ledger/account.ts";
import { readSpan, spanText } from "../../ledger/account-text.ts";
import type { Span } from "../../ledger/span.ts";
import { KeptLines } from "../kept-lines.ts";

/** Bytes of one VM's account in a line, with a long name. */
const ENTRY_BYTES = 512;
const MEGABYTE = 1024 * 1024;

/** The spans of one kind that do not change any more: each is written once, behind the others. */
export class KeptSpans {
  readonly #kind: keyof typeof KEPT;
  readonly #file: KeptLines;
  /** Those that are in the file. */
  readonly #written = new WeakSet<Span>();

  constructor(
    kind: keyof typeof KEPT,
    { directory, log }: { readonly directory: string; readonly log: Log },
  ) {
    this.#kind = kind;
    // Either of the two files alone must have room for all that are kept.
    const megabytes = (2 * KEPT[kind].entriesMax * ENTRY_BYTES) / MEGABYTE;
    this.#file = new KeptLines({ directory, name: `energy-${kind}s`, megabytes, log });
  }

  /** Writes those that are not written yet. */
  write(spans: readonly Span[]): void {
    const added = spans.filter((span) => !this.#written.has(span));
    if (added.length > 0 && this.#file.append(added.map((span) => spanText(this.#kind, span))))
      for (const span of added) this.#written.add(span);
  }

  /** The newest that were written, as many as are kept, and after them those given, which count if both are the same. */
  before(spans: readonly Span[]): Span[] {
    const { spansMax, entriesMax } = KEPT[this.#kind];
    const found = spans.toReversed();
    const known = new Set(spans.map(({ fromMs }) => fromMs));
    let entries = spans.reduce((sum, { vms }) => sum + vms.size, 0);
    for (const line of [...this.#file.texts()].join("\n").split("\n").reverse()) {
      const span = line === "" ? undefined : readSpan(line);
      if (span === undefined || known.has(span.fromMs)) continue;
      entries += span.vms.size;
      if (found.length >= spansMax || entries > entriesMax) break;
      known.add(span.fromMs);
      this.#written.add(span);
      found.push(span);
    }
    return found.reverse();
  }
}
