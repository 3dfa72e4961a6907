/** What a socket's file name says: the VM, and the number of the channel. */
export interface ChannelName {
  readonly vm: string;
  readonly number: number;
}

/** VM names may contain dots, so the number follows the last dot. Leading zeros are refused: two files would be one channel. */
const NAME = /^(.+)\.(0|[1-9]\d{0,4})$/s;

/** Reads `<vm>.<n>`; undefined for any other file (vm-power-protocol(7), "TRANSPORT"). */
export function parseChannelName(file: string): ChannelName | undefined {
  const match = NAME.exec(file);
  return match === null ? undefined : { vm: match[1] as string, number: Number(match[2]) };
}
