import {
  ABIS,
  type Abi,
  COMMAND,
  CONNECT,
  CPU_POWER,
  HEADER_SIZE,
  PKT_POLICY_REMOVE,
  QUERY_CAPS,
  QUERY_ENERGY,
  QUERY_FREQ_LIST,
  UNIT,
  u32,
} from "./layout.ts";

/**
 * Whether a packet may begin here (vm-power-protocol(7), "FINDING THE SIZE OF PACKETS"): the command is known, and the
 * unit of a scale request. With `strict`, used where the position is a guess, its resource must be small too. All other
 * bytes of a CONNECT are arbitrary and are not tested. 16 bytes must be available at `at`.
 */
export function plausible(bytes: Uint8Array, at: number, { strict }: { strict: boolean }): boolean {
  const command = u32(bytes, at + COMMAND);
  if (command === CPU_POWER) {
    const unit = u32(bytes, at + UNIT);
    return unit >= 1 && unit <= 6 && (!strict || (u32(bytes, at + 4) === 0 && u32(bytes, at) < 2 ** 16));
  }
  return (
    (command >= CONNECT && command <= PKT_POLICY_REMOVE) ||
    (command >= QUERY_FREQ_LIST && command <= QUERY_CAPS) ||
    command === QUERY_ENERGY
  );
}

/** Whether a packet that begins here is a CONNECT: the first of a guest process, which may be of any release. */
export function isConnect(bytes: Uint8Array, at: number): boolean {
  return u32(bytes, at + COMMAND) === CONNECT;
}

/** The only length that two sizes explain: one packet of 464 bytes, or 29 of 16. */
const CLASH_SIZE = 464;

/** The sizes of packets longer than a header, the largest first. */
const LONG_ABIS = ABIS.filter((abi) => abi > HEADER_SIZE);

/**
 * Finds the packet size of the guest whose first packet begins at `from`; undefined while there are too few bytes. More
 * bytes never change the result, so it does not matter how the stream is cut. `quiet` means that the guest has paused, so
 * the bytes end where a packet ends (vm-power-protocol(7), "FINDING THE SIZE OF PACKETS").
 */
export function detect(bytes: Uint8Array, from: number, { quiet }: { quiet: boolean }): Abi | undefined {
  const length = bytes.length - from;
  if (length < HEADER_SIZE || !plausible(bytes, from, { strict: true })) return undefined;
  if (areShort(bytes, from, from + Math.min(length, CLASH_SIZE))) {
    const isCertain = quiet ? length % HEADER_SIZE === 0 : length >= CLASH_SIZE + HEADER_SIZE;
    return isCertain ? 16 : undefined;
  }
  // Of more than one long packet the size was found before the pause.
  if (quiet) return LONG_ABIS.find((abi) => abi === length);
  for (const abi of LONG_ABIS) {
    // A CONNECT needs no reply, so it can wait for the next packet. A single request of the largest size is taken at once,
    // because its guest waits for the reply.
    if (abi === 464 && length === 464 && !isConnect(bytes, from)) return 464;
    if (length < abi + HEADER_SIZE) return undefined;
    // A stream can look right with a size that is 4 bytes too small, never with one that is too large: larger sizes first.
    if (plausible(bytes, from + abi, { strict: true })) return abi;
  }
  return undefined;
}

/** Whether packets of 16 bytes follow each other between two positions. */
function areShort(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += HEADER_SIZE) if (!fitsAt(bytes, at, 16)) return false;
  return true;
}

/** Whether a packet of this size may begin here. The releases with 16 bytes have only CONNECT and four scale actions. */
function fitsAt(bytes: Uint8Array, at: number, abi: Abi): boolean {
  if (!plausible(bytes, at, { strict: true })) return false;
  if (abi !== 16) return true;
  const command = u32(bytes, at + COMMAND);
  return command === CONNECT || (command === CPU_POWER && u32(bytes, at + UNIT) <= 4);
}

/**
 * Finds where packets begin in bytes that start with something else but end where a packet ends; undefined if nowhere. The
 * first bytes may be the rest of a packet that a reconnect cut, or garbage. 29 packets of 16 bytes are no packet of 464.
 */
export function resynchronise(
  bytes: Uint8Array,
  fixed: Abi | undefined,
): { at: number; abi: Abi } | undefined {
  let best: { at: number; abi: Abi } | undefined;
  for (const abi of fixed === undefined ? ABIS : [fixed]) {
    for (let at = bytes.length - abi; at > 0 && fitsAt(bytes, at, abi); at -= abi) {
      if (at <= (best?.at ?? bytes.length)) best = { at, abi };
    }
  }
  return best;
}
