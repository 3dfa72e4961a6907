/** What people say of the failures that an operator can mend. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is no directory",
  EISDIR: "it is a directory",
  EEXIST: "it is there already",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  EIO: "input/output error",
};

/** The code of an error that the system made, like ENOENT; undefined where it is none of these. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Puts an error of the system into words, without the call and the path that the runtime puts around it. */
export function systemErrorText(error: unknown): string {
  const code = systemErrorCode(error);
  if (code !== undefined) return errnoText(code);
  return error instanceof Error ? error.message : String(error);
}

/** Puts the code of a failure into words; one that operators cannot mend stays as it is. */
export function errnoText(code: string): string {
  return WORDS[code] ?? code;
}
