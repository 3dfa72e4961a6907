import { REQUEST, type RequestCalls, type RequestName } from "./request.ts";
import { callOnce } from "./single-call.ts";

/** Makes one call of `io.vmpower.Request`; fails as {@link callOnce} does. */
export async function callRequest<Name extends RequestName>(
  path: string,
  method: Name,
  call: { readonly parameters: RequestCalls[Name]["takes"]; readonly timeoutMs: number },
): Promise<RequestCalls[Name]["answers"]> {
  // It conforms to the description, of which this is the type.
  return (await callOnce(
    path,
    { description: REQUEST, name: method },
    call,
  )) as RequestCalls[Name]["answers"];
}
