/** The error that a call of the file system throws, as the runtime makes it. */
export function errnoError(code: string, call: string, path = ""): Error {
  const where = path === "" ? "" : ` '${path}'`;
  return Object.assign(new Error(`${code}: ${call}${where}`), { code, syscall: call, path });
}

/** A program that was killed made a call: the rest of its turn must have no effect. */
export class Killed extends Error {
  override readonly name = "Killed";
}
