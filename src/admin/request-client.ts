import { ClientError, VarlinkError } from "./client-error.ts";
import { conform } from "./conform.ts";
import { connectPatiently } from "./connect.ts";
import { createFramer } from "./framer.ts";
import { encodeMessage, type Reply, readReply } from "./message.ts";
import { REQUEST, type RequestCalls, type RequestName } from "./request.ts";

/** The longest reply in bytes. */
const REPLY_BYTES_MAX = 1024 * 1024;

/** Makes one call of `io.vmpower.Request`. A failure is a {@link ClientError}, a refusal a {@link VarlinkError}. */
export async function callRequest<Name extends RequestName>(
  path: string,
  method: Name,
  { parameters, timeoutMs }: { readonly parameters: RequestCalls[Name]["takes"]; readonly timeoutMs: number },
): Promise<RequestCalls[Name]["answers"]> {
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
      error: () => {},
    },
    timeoutMs,
  );
  const late = () => fail("timeout", `vm-power did not answer within ${timeoutMs / 1000} s`);
  const timer = setTimeout(late, timeoutMs);
  try {
    socket.write(encodeMessage({ method: `${REQUEST.name}.${method}`, parameters }));
    const { error, parameters: answer = {} } = await promise;
    if (error !== undefined) throw new VarlinkError(error, answer as Record<string, unknown>);
    const description = REQUEST.methods.get(method);
    if (description && conform(answer, description.reply, { types: REQUEST.types, open: true }) !== undefined)
      throw new ClientError("notUnderstood", `${method} answered something else`);
    // It conforms to the description, of which this is the type.
    return answer as RequestCalls[Name]["answers"];
  } finally {
    clearTimeout(timer);
    socket.end();
  }
}
