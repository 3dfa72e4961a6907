/** What a socket's file name says: whose channel it is, and which. */
export interface ChannelName {
  readonly vm: string;
  readonly number: number;
}

/** VM names hold dots, so the number is what follows the last one. No padding: two files would be one channel. */
const NAME = /^(.+)\.(0|[1-9]\d{0,4})$/s;

/** Reads `<vm>.<n>`; undefined for any other file (spec section 1). */
export function parseChannelName(file: string): ChannelName | undefined {
  const match = NAME.exec(file);
  return match === null ? undefined : { vm: match[1] as string, number: Number(match[2]) };
}
