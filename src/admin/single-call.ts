import { ClientError, VarlinkError } from "./client-error.ts";
import { conform } from "./conform.ts";
import { connectPatiently } from "./connect.ts";
import { createFramer } from "./framer.ts";
import type { Description } from "./idl.ts";
import { encodeMessage, type Reply, readReply } from "./message.ts";

/** The longest reply in bytes. */
const REPLY_BYTES_MAX = 1024 * 1024;

/** A method of an interface. */
interface MethodOf {
  readonly description: Description;
  readonly name: string;
}

/** The call. */
interface Single {
  readonly parameters: object;
  readonly timeoutMs: number;
  /** Ends it early, as if the connection had ended. */
  readonly signal?: AbortSignal;
}

/**
 * Makes one call on a connection of its own. A failure is a {@link ClientError}, a refusal a {@link VarlinkError}. The reply
 * conforms to the description.
 */
export async function callOnce(
  path: string,
  { description, name }: MethodOf,
  { parameters, timeoutMs, signal }: Single,
): Promise<object> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const framer = createFramer(REPLY_BYTES_MAX);
  const fail = (failure: ClientError["failure"], message: string) =>
    reject(new ClientError(failure, message));
  const socket = await connectPatiently(
    path,
    {
      data(_socket, chunk) {
        framer.push(chunk);
        const message = framer.next();
        if (message === undefined) return;
        const reply = message === "tooLong" ? undefined : readReply(message);
        if (reply === undefined) fail("notUnderstood", `The program at "${path}" does not speak varlink`);
        else resolve(reply);
      },
      close: () => fail("disconnected", "vm-power closed the connection"),
      error: (_socket, { message }) => fail("disconnected", message),
    },
    timeoutMs,
  );
  const late = () => fail("timeout", `vm-power did not answer within ${timeoutMs / 1000} s`);
  const timer = setTimeout(late, timeoutMs);
  const ended = () => fail("disconnected", "The call was given up");
  signal?.addEventListener("abort", ended);
  try {
    socket.write(encodeMessage({ method: `${description.name}.${name}`, parameters }));
    const { error, parameters: answer = {} } = await promise;
    if (error !== undefined) throw new VarlinkError(error, answer as Record<string, unknown>);
    const method = description.methods.get(name);
    if (method && conform(answer, method.reply, { types: description.types, open: true }) !== undefined)
      throw new ClientError("notUnderstood", `${name} answered something else`);
    return answer;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", ended);
    socket.end();
  }
}
