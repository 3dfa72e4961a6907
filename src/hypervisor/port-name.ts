/** Names of a guest's ports that lead to this daemon, by the kind of the port (vm-power-protocol(7), "TRANSPORT"). */
const PORT_NAMES = {
  virtio: /^virtio\.serial\.port\.poweragent\.(0|[1-9]\d{0,4})$/,
  xen: /^(?:virtio\.serial\.port\.)?poweragent\.(0|[1-9]\d{0,4})$/,
} as const;

/** The number of the channel that a guest's port is; undefined for any other port. */
export function channelNumber(kind: string | undefined, name: string): number | undefined {
  if (kind !== "virtio" && kind !== "xen") return undefined;
  const number = PORT_NAMES[kind].exec(name)?.[1];
  return number === undefined ? undefined : Number(number);
}
