/** Why a call failed, as far as programs tell the reasons apart. */
export type ClientFailure =
  /** No daemon listens there: `ENOENT`, `ECONNREFUSED`. */
  | "notRunning"
  /** The user may not use the socket: `EACCES`. */
  | "noPermission"
  | "timeout"
  /** The connection ended before the answer. */
  | "disconnected"
  /** The other end does not speak this protocol. */
  | "notUnderstood";

/** A call that got no answer. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly failure: ClientFailure;
  /** The system's error code, for example `ENOENT`, if there is one. */
  readonly code: string | undefined;

  constructor(failure: ClientFailure, message: string, code?: string) {
    super(message);
    this.failure = failure;
    this.code = code;
  }
}

/** An error that the daemon returned. */
export class VarlinkError extends Error {
  override readonly name = "VarlinkError";
  /** Its full name, `io.vmpower.Control.NoSuchVm`. */
  readonly error: string;
  readonly parameters: Readonly<Record<string, unknown>>;

  constructor(error: string, parameters: Readonly<Record<string, unknown>>) {
    super(`${error} ${JSON.stringify(parameters)}`);
    this.error = error;
    this.parameters = parameters;
  }
}

/** Converts the error of a failed connect. */
export function connectError(path: string, error: unknown): ClientError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  switch (code) {
    case "ENOENT":
      return new ClientError("notRunning", `No socket at "${path}"`, code);
    case "ECONNREFUSED":
      return new ClientError("notRunning", `Nobody listens at "${path}"`, code);
    case "EACCES":
    case "EPERM":
      return new ClientError("noPermission", `No permission to connect to "${path}"`, code);
    case "ECONNRESET":
      return new ClientError("disconnected", "vm-power closed the connection", code);
    default:
      return new ClientError("disconnected", `Cannot connect to "${path}": ${code}`, code);
  }
}
