import {
  ABIS,
  type Abi,
  COMMAND,
  CONNECT,
  CPU_POWER,
  HEADER_SIZE,
  PKT_POLICY_REMOVE,
  QUERY_CAPS,
  QUERY_FREQ_LIST,
  UNIT,
  u32,
} from "./layout.ts";

/**
 * Whether a packet may begin here (spec section 7): a known command, and for a scale request a known unit. `strict`
 * demands a small resource id as well, for where the position itself is only a guess. Nothing else of a CONNECT may be
 * tested. The 16 bytes must be there.
 */
export function plausible(bytes: Uint8Array, at: number, { strict }: { strict: boolean }): boolean {
  const command = u32(bytes, at + COMMAND);
  if (command === CPU_POWER) {
    const unit = u32(bytes, at + UNIT);
    return unit >= 1 && unit <= 6 && (!strict || (u32(bytes, at + 4) === 0 && u32(bytes, at) < 2 ** 16));
  }
  return (
    (command >= CONNECT && command <= PKT_POLICY_REMOVE) ||
    (command >= QUERY_FREQ_LIST && command <= QUERY_CAPS)
  );
}

/** Whether a packet that begins here is a CONNECT: the first of a guest process, which may be of any release. */
export function isConnect(bytes: Uint8Array, at: number): boolean {
  return u32(bytes, at + COMMAND) === CONNECT;
}

/** So many bytes are 29 packets of 16 bytes or one of 464: the one clash of sizes. */
const CLASH_SIZE = 464;

/**
 * The packet size of the guest whose first packet begins at `from`, or undefined while it cannot be told. With more
 * bytes the answer stays the same, so it does not matter how the stream was cut. `quiet` says that the guest has paused,
 * thus that the bytes end where a packet ends (spec section 7, steps 3 and 5).
 */
export function detect(bytes: Uint8Array, from: number, { quiet }: { quiet: boolean }): Abi | undefined {
  const length = bytes.length - from;
  if (length < HEADER_SIZE || !plausible(bytes, from, { strict: true })) return undefined;
  const short = follow(bytes, from, 16, CLASH_SIZE);
  if (quiet) return detectQuiet(bytes, from, short);
  if (short === "fits" && length >= CLASH_SIZE + HEADER_SIZE) return 16;
  if (short !== "breaks") return undefined;
  for (const abi of ABIS) {
    if (abi === 16) return undefined;
    // A CONNECT is not answered, so it may wait for what follows it. Another request is answered, so a lone one
    // of the largest size is believed at once.
    if (abi === 464 && length === 464 && !isConnect(bytes, from)) return 464;
    if (length < abi + HEADER_SIZE) return undefined;
    // Taken for 4 bytes shorter than it is, a stream can look right; for longer, never. So the larger comes first.
    if (plausible(bytes, from + abi, { strict: true })) return abi;
  }
  return undefined;
}

function detectQuiet(bytes: Uint8Array, from: number, short: Fit): Abi | undefined {
  const length = bytes.length - from;
  for (const abi of ABIS) {
    if (length % abi === 0 && follow(bytes, from, abi, length) === "fits" && (abi === 16 || short !== "fits"))
      return abi;
    if (abi === 464 && length % 16 === 0 && short === "fits") return 16;
  }
  return undefined;
}

/** `open`: what is there fits, but ends before `span` bytes. */
type Fit = "fits" | "breaks" | "open";

/** Whether packets of one size follow each other from here, for `span` bytes or until the next CONNECT. */
function follow(bytes: Uint8Array, from: number, abi: Abi, span: number): Fit {
  for (let at = from; at < from + span; at += abi) {
    if (bytes.length - at < HEADER_SIZE) return "open";
    if (!fitsAt(bytes, at, abi)) return "breaks";
    if (at > from && abi !== 16 && isConnect(bytes, at)) return "fits";
  }
  return "fits";
}

/** Whether a packet of this size may begin here; the first releases knew CONNECT and four scale units only. */
function fitsAt(bytes: Uint8Array, at: number, abi: Abi): boolean {
  if (!plausible(bytes, at, { strict: true })) return false;
  if (abi !== 16) return true;
  const command = u32(bytes, at + COMMAND);
  return command === CONNECT || (command === CPU_POWER && u32(bytes, at + UNIT) <= 4);
}

/**
 * Where packets begin again in bytes that begin with something else, given that they end where a packet ends; undefined
 * when nowhere. Such bytes are the tail of a packet torn by a reconnect, or what no guest sends.
 */
export function resynchronise(
  bytes: Uint8Array,
  fixed: Abi | undefined,
): { at: number; abi: Abi } | undefined {
  let best: { at: number; abi: Abi } | undefined;
  for (const abi of fixed === undefined ? ABIS : [fixed]) {
    for (let at = bytes.length - abi; at > 0 && fitsAt(bytes, at, abi); at -= abi) {
      if (at < (best?.at ?? bytes.length)) best = { at, abi };
    }
  }
  return best;
}
