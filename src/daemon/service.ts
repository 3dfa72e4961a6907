import { DEFAULT_CONFIG_PATH } from "../config/load.ts";

/**
 * The configuration file, if these arguments run the daemon itself; otherwise undefined, and they are for the parser of the
 * command line. The daemon starts without the parser, and without the streams of a terminal, which take some milliseconds.
 */
export function serviceConfig(argv: readonly string[]): string | undefined {
  const [word, file] = argv;
  if (word === undefined) return DEFAULT_CONFIG_PATH;
  if (argv.length === 1) return /^--config=(.+)$/s.exec(word)?.[1];
  return argv.length === 2 && word === "--config" && file !== "" ? file : undefined;
}
