import { ClientError, VarlinkError } from "../admin/client-error.ts";
import { PARAMETER_RULES } from "../admin/parameters.ts";
import { CommandError, EXIT, type ExitCode, UsageError } from "../terminal/exit-code.ts";
import { printable } from "../terminal/text.ts";

/** A failure for the operator: one sentence with the remedy, and the exit status. */
export interface Failure {
  readonly sentence: string;
  readonly code: ExitCode;
}

/** A failure as `--json` prints it: an error of the daemon, or one of this program. */
export interface FailureReport {
  readonly error: string;
  readonly parameters: object;
}

/** Makes the JSON of a failure from the error and the sentence about it. */
export function failureReport(error: unknown, message: string): FailureReport {
  if (error instanceof VarlinkError) return { error: error.error, parameters: error.parameters };
  const name =
    error instanceof ClientError ? error.failure : error instanceof CommandError ? "failed" : "usage";
  return { error: `vmpowerctl.${name}`, parameters: { message } };
}

/** Describes an error. Throws errors that are faults of this program. */
export function describeFailure(error: unknown, socketPath: string): Failure {
  if (error instanceof UsageError) return { sentence: printable(error.message), code: EXIT.usage };
  if (error instanceof CommandError) return { sentence: printable(error.message), code: error.exitCode };
  if (error instanceof ClientError) return describeClientError(error, printable(socketPath));
  if (error instanceof VarlinkError) return describeVarlinkError(error);
  throw error;
}

function describeClientError({ failure, code, message }: ClientError, path: string): Failure {
  switch (failure) {
    case "notRunning": {
      const found = code === "ENOENT" ? `no socket at "${path}"` : `nobody answers at "${path}"`;
      return {
        sentence: `vm-power is not running (${found}): systemctl start vm-power`,
        code: EXIT.notRunning,
      };
    }
    case "noPermission":
      return {
        sentence: `No permission to use "${path}": become root, or a member of group vm-power (or of vm-power-monitor, to read only)`,
        code: EXIT.noPermission,
      };
    case "timeout":
      return {
        sentence: `${printable(message)}: systemctl status vm-power, or a longer --timeout`,
        code: EXIT.timeout,
      };
    case "disconnected":
      return { sentence: `${printable(message)}: journalctl -u vm-power tells why`, code: EXIT.failed };
    case "notUnderstood":
      return {
        sentence: `${printable(message)}: do vmpowerctl and vm-power have the same version?`,
        code: EXIT.failed,
      };
  }
}

function describeVarlinkError({ error, parameters }: VarlinkError): Failure {
  const text = (name: string) => printable(String(parameters[name] ?? "?"));
  switch (error) {
    case "io.vmpower.Request.NoSuchApplication":
      return {
        sentence:
          "You are no application of this host, or not the one named: see [app NAME] in vm-power.conf(5)",
        code: EXIT.noPermission,
      };
    case "io.vmpower.Control.NoSuchVm":
      return {
        sentence: `There is no VM "${text("vm")}": vmpowerctl list shows all VMs`,
        code: EXIT.notFound,
      };
    case "io.vmpower.Control.NoSuchCpu":
      return {
        sentence: `There is no CPU ${text("cpu")}: vmpowerctl show-cpu-freq shows all CPUs`,
        code: EXIT.notFound,
      };
    case "io.vmpower.Control.NoSuchVcpu":
      return {
        sentence: `VM "${text("vm")}" has no vCPU ${text("vcpu")}: vmpowerctl show-vm ${text("vm")} shows its vCPUs`,
        code: EXIT.notFound,
      };
    case "io.vmpower.Control.NoSuchChannel":
      return {
        sentence: `VM "${text("vm")}" has no channel ${text("channel")}: vmpowerctl show-vm ${text("vm")} shows its channels`,
        code: EXIT.notFound,
      };
    case "io.vmpower.Request.Refused":
    case "io.vmpower.Control.Refused": {
      const remedy = parameters["remedy"] === undefined ? "" : `: ${text("remedy")}`;
      return { sentence: `${text("reason")}${remedy}`, code: EXIT.failed };
    }
    case "org.varlink.service.PermissionDenied":
      return {
        sentence: "You may read, but not change anything: become root, or a member of group vm-power",
        code: EXIT.noPermission,
      };
    case "org.varlink.service.InvalidParameter":
      return { sentence: invalidParameterText(text("parameter")), code: EXIT.failed };
    default:
      return {
        sentence: `vm-power answered ${printable(error)}: do vmpowerctl and vm-power have the same version?`,
        code: EXIT.failed,
      };
  }
}

function invalidParameterText(name: string): string {
  const expected = PARAMETER_RULES.get(name)?.expected;
  return `vm-power does not accept this value of "${name}"${expected === undefined ? "" : `: it is ${expected}`}`;
}
