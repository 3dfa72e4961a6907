import type { Style, TerminalIo } from "../../terminal/io.ts";
import type { Places } from "../library/choose.ts";
import type { EnvironmentName } from "../library/environment.ts";
import type { Power, PowerOptions } from "../library/power.ts";

/** What a command of `vm-power-guest` needs. */
export interface Context {
  readonly io: TerminalIo;
  readonly style: Style;
  readonly json: boolean;
  /** The environment, if the command line names one. */
  readonly env: EnvironmentName | undefined;
  /** The name of the VM on the host, if the command line has it. */
  readonly vmName: string | undefined;
  /** The port for all requests. */
  readonly port: number | undefined;
  readonly places: Places;
  /** Opens the power interface with the options of the command line. */
  readonly power: (options?: PowerOptions) => Power;
  /** Shows a result: as JSON with `--json`, otherwise with the given words. */
  readonly show: (result: object, words: () => string) => void;
  /** Writes a failure to stderr. */
  readonly complain: (sentence: string) => void;
}

/** Runs a command and stores its exit status. */
export type Act = (work: (context: Context) => Promise<number>) => Promise<void>;
