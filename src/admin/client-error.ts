/** Why nothing came of a call, as far as a program has to tell them apart. */
export type ClientFailure =
  /** Nobody listens there: `ENOENT`, `ECONNREFUSED`. */
  | "notRunning"
  /** The socket is there, for others: `EACCES`. */
  | "noPermission"
  | "timeout"
  /** The connection ended before the answer. */
  | "disconnected"
  /** The other end does not speak as we do. */
  | "notUnderstood";

/** A call that never came to an answer. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly failure: ClientFailure;
  /** The system's word, e.g. `ENOENT`, where there is one. */
  readonly code: string | undefined;

  constructor(failure: ClientFailure, message: string, code?: string) {
    super(message);
    this.failure = failure;
    this.code = code;
  }
}

/** An error that the daemon answered. */
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

/** Turns the error of a failed connect into ours. */
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
