/** A host of a command: the name that is shown, and how ssh reaches it. */
export interface Target {
  readonly name: string;
  /** What ssh takes for the host, like `root@192.0.2.1`. */
  readonly address: string;
  /** If it is not the one that ssh's own configuration says. */
  readonly port: number | undefined;
}
