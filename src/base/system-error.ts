/** Sentences for the system errors that an operator can repair. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
  EEXIST: "it exists already",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  EIO: "input/output error",
};

/** Returns the code of a system error, like ENOENT; undefined for any other error. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Describes a system error, without the system call and the path that the runtime adds. */
export function systemErrorText(error: unknown): string {
  const code = systemErrorCode(error);
  if (code !== undefined) return errnoText(code);
  return error instanceof Error ? error.message : String(error);
}

/** Describes an error code. A code that operators cannot repair is returned as it is. */
export function errnoText(code: string): string {
  return WORDS[code] ?? code;
}
