import type { Style, TerminalIo } from "../../terminal/io.ts";
import type { Places } from "../library/choose.ts";
import type { EnvironmentName } from "../library/environment.ts";
import type { Power, PowerOptions } from "../library/power.ts";

/** What a command of `vm-power-guest` works with. */
export interface Context {
  readonly io: TerminalIo;
  readonly style: Style;
  readonly json: boolean;
  /** The environment, as far as the command line says. */
  readonly env: EnvironmentName | undefined;
  /** What the VM is called on the host, as far as the command line says. */
  readonly vmName: string | undefined;
  /** The port that is to carry all requests. */
  readonly port: number | undefined;
  readonly places: Places;
  /** Opens the power interface as the command line wants it. */
  readonly power: (options?: PowerOptions) => Power;
  /** Shows a result: as it is with `--json`, else in the words given. */
  readonly show: (result: object, words: () => string) => void;
  /** Says on stderr what is wrong. */
  readonly complain: (sentence: string) => void;
}

/** Does what a command is for, and remembers its exit code. */
export type Act = (work: (context: Context) => Promise<number>) => Promise<void>;
