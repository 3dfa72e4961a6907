/** Longest name of a VM in bytes. Channel sockets have it in their names. */
export const VM_NAME_BYTES_MAX = 250;

/** Returns why no VM can have this name, as the end of a sentence: `it contains a "/"`. Undefined for a possible name. */
export function vmNameFault(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.includes("/")) return 'it contains a "/"';
  if (/\p{Cc}/u.test(name)) return "it contains a control character";
  if (!name.isWellFormed()) return "it is not Unicode text";
  if (utf8Bytes(name) > VM_NAME_BYTES_MAX) return `it has more than ${VM_NAME_BYTES_MAX} bytes`;
  return undefined;
}

/** Counts the bytes of a text in UTF-8. This folder may not use the runtime's encoder. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
