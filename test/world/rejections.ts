/** Collects promises of the daemon that were rejected and left to nobody. The rest of a killed program counts as none. */
export function catchRejections(): string[] {
  const rejected: string[] = [];
  process.on("unhandledRejection", (error) => {
    if (error instanceof Error && error.name === "Killed") return;
    rejected.push(error instanceof Error ? (error.stack ?? error.message) : `${error}`);
  });
  return rejected;
}
