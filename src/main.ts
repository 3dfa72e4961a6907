import { basename } from "node:path";
import { runDaemonProgram } from "./daemon/program.ts";

/** One executable, several programs, chosen by the name it is called by. */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  switch (basename(process.argv0)) {
    default:
      return runDaemonProgram(argv);
  }
}

process.exitCode = await main();
