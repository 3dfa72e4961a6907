/** States that a run must have entered, and the line of the log by which each is known. */
const MARKS: Readonly<Record<string, RegExp>> = {
  quarantine: /asks on channel \d+ too often/,
  yielded: /left to it until the next request|it is left as it is/,
  reasserted: /by another program: it was written again/,
  presumed: /assumed to be as before the restart/,
  "taken over": /Took over from the previous daemon/,
  "recovered a journal": /Restored |restored /i,
  "refused by the kernel": /The kernel refused a write/,
  "libvirt silent": /does not answer/,
  "libvirt gone": /is not running|closed the connection/,
  "configuration refused": /The configuration was not reloaded/,
  reloaded: /Reloaded /,
  "departure of a guest": /All channels of .* are closed/,
  "CPU offline": /offline/,
  "request refused": /was refused/,
};

/** Which states were entered, and how often. */
export class Marks {
  readonly counts = new Map<string, number>(Object.keys(MARKS).map((name) => [name, 0]));

  line(text: string): void {
    for (const [name, pattern] of Object.entries(MARKS))
      if (pattern.test(text)) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
