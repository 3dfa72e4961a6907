/** The most megabytes for samples. */
const SAMPLE_MEGABYTES_MAX = 16;

/** How HistoryMegabytes= is shared by events and the samples for reports, so that neither can push out the other. */
export function shareOf(megabytes: number): { readonly events: number; readonly samples: number } {
  const samples = Math.min(megabytes / 2, SAMPLE_MEGABYTES_MAX);
  return { events: megabytes - samples, samples };
}
