/** The error that a call of the file system throws, as the runtime makes it. */
export function errnoError(code: string, call: string, path = ""): Error {
  const where = path === "" ? "" : ` '${path}'`;
  // Without a stack, which would cost more than all the rest: programs look for many files that are not there.
  return Object.assign(Object.create(Error.prototype) as Error, {
    message: `${code}: ${call}${where}`,
    ...{ code, syscall: call, path },
  });
}

/** A program that was killed made a call: the rest of its turn must have no effect. */
export class Killed extends Error {
  override readonly name = "Killed";
}
