import { basename } from "node:path";
import { runCtl } from "./ctl/ctl.ts";
import { runDaemonProgram } from "./daemon/program.ts";
import { VERSION } from "./version.ts";

/** One executable, several programs, chosen by the name it is called by. */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (basename(process.argv0) === "vmpowerctl") return runCtl(argv, terminal());
  return runDaemonProgram(argv);
}

/** This process's terminal, for programs that are used in one. */
function terminal() {
  const { stdout, stderr, env } = process;
  return {
    stdout,
    stderr,
    isTty: stdout.isTTY === true,
    columns: stdout.columns ?? 80,
    env,
    version: VERSION,
  };
}

process.exitCode = await main();
