/** Bytes written by hand: hexadecimal digits, with spaces for readability. */
export function hex(...lines: string[]): Uint8Array {
  return Uint8Array.fromHex(lines.join("").replaceAll(/\s/g, ""));
}

/** The bytes of several pieces, one after the other. */
export function joined(...pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}
