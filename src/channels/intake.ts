import { Framer, QUIET_MS, SILENCE_MS } from "../wire/framer.ts";
import type { Abi } from "../wire/layout.ts";
import type { Part, Turn } from "./turn.ts";

/** Packets that are handled before another channel gets its turn. */
const FRAMES_PER_TURN = 32;

/** As many bytes as one turn handles, of packets of the longest size. No more than these are kept where there is no room. */
const SHORT_BYTES = FRAMES_PER_TURN * 464;

/** How long nothing is read after a turn that leaves packets behind, in ms, so that no flood takes a whole CPU. */
const BREATH_MS = 1;

/** How long nothing is read after each turn of a channel that must rest, in ms. */
const REST_MS = 10;

/** The most packets that are handled in a second of a channel that must rest after each turn. */
export const RESTING_PER_SECOND = (FRAMES_PER_TURN * 1000) / REST_MS;

/** What an intake needs of a connected socket. */
interface Source {
  pause(): void;
  resume(): void;
}

/** What is done with the packets of one turn. */
export interface PacketHandler {
  turnBegins(): void;
  packet(frame: Uint8Array): void;
  turnEnds(): void;
  /** Whether packets that wait are handled in the next turn of the event loop, instead of after a breath. */
  mayHurry(): boolean;
}

/** What an intake works with. */
interface IntakeMeans {
  readonly source: Source;
  readonly turn: Turn;
  readonly handler: PacketHandler;
}

/** Cuts the bytes of one connection into packets, and hands them on in turns. While packets wait, nothing is read. */
export class Intake implements Part {
  readonly #framer: Framer;
  readonly #source: Source;
  readonly #turn: Turn;
  readonly #handler: PacketHandler;
  /** Its bytes in the backlog: those of a long chunk, until it is used up. */
  #counted = 0;
  #quiet: Timer | undefined;
  /** Whether it is in the turn, or will be in one after a pause. */
  #isDue = false;
  /** Whether nothing is read until then. */
  #isPaused = false;
  /** Whether the turn ended with as many packets as it may have. */
  #isFull = false;
  /** Whether no byte came for {@link QUIET_MS}. */
  #isQuiet = false;
  #mustRest = false;
  #isClosed = false;

  constructor(abi: Abi | "auto", { source, turn, handler }: IntakeMeans) {
    this.#framer = new Framer(abi);
    this.#source = source;
    this.#turn = turn;
    this.#handler = handler;
  }

  /** The size of the guest's packets; undefined until it is found. */
  get abi(): Abi | undefined {
    return this.#framer.abi;
  }

  /** How often bytes were dropped because no packet began with them. */
  get framingErrors(): number {
    return this.#framer.framingErrors;
  }

  /** Bytes of the guest. */
  received(bytes: Uint8Array): void {
    this.#cancelQuiet();
    this.#framer.push(bytes);
    if (bytes.length > SHORT_BYTES) this.#bound();
    this.#come();
  }

  /** The guest sends far too much: after this turn nothing is read for a while. */
  rest(): void {
    this.#mustRest = true;
  }

  /** The guest is gone: handles what it sent before. */
  finish(): void {
    if (this.#isDue && !this.#isPaused) this.#turn.finish();
  }

  /** Ends it: no packet follows. */
  close(): void {
    this.#isClosed = true;
    this.#cancelQuiet();
    this.#count();
  }

  /** Called by the turn: handles the packets that were received, as far as one turn allows. */
  handOn(): void {
    this.#isDue = false;
    if (this.#isPaused && !this.#isClosed) this.#source.resume();
    this.#isPaused = false;
    this.#handler.turnBegins();
    let handled = 0;
    for (; handled < FRAMES_PER_TURN && !this.#isClosed; handled++) {
      const frame = this.#framer.next();
      if (frame === undefined) break;
      this.#handler.packet(frame);
    }
    this.#isFull = handled === FRAMES_PER_TURN;
  }

  /** Called by the turn. */
  end(): void {
    this.#handler.turnEnds();
    if (this.#isClosed) return;
    if (this.#counted > 0) this.#count();
    const { waiting } = this.#framer;
    if (this.#mustRest || (this.#isFull && waiting)) this.#pause();
    else if (waiting) this.#awaitRest();
  }

  /** Keeps a long chunk only as far as there is room for it. */
  #bound(): void {
    const { backlog } = this.#turn;
    if (!backlog.hasRoom(this.#framer.held - this.#counted)) {
      this.#framer.shorten(SHORT_BYTES);
      backlog.overrun();
    }
    this.#count();
  }

  /** The rest of a packet, which may be dropped later, does not count. */
  #count(): void {
    const { held } = this.#framer;
    const bytes = this.#isClosed || held <= SHORT_BYTES ? 0 : held;
    this.#turn.backlog.add(bytes - this.#counted);
    this.#counted = bytes;
  }

  #come(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#turn.add(this);
  }

  /** Reads nothing until the next turn of the event loop, or until the breath or the rest is over. */
  #pause(): void {
    this.#isDue = true;
    this.#isPaused = true;
    this.#isQuiet = false;
    this.#source.pause();
    if (!this.#mustRest && this.#handler.mayHurry()) this.#turn.add(this);
    else setTimeout(() => this.#turn.add(this), this.#mustRest ? REST_MS : BREATH_MS);
    this.#mustRest = false;
  }

  /** Waits for the rest of a packet. */
  #awaitRest(): void {
    this.#quiet = this.#isQuiet
      ? setTimeout(() => this.#framer.silence(), SILENCE_MS - QUIET_MS)
      : setTimeout(() => this.#fellQuiet(), QUIET_MS);
  }

  /** Most packets come whole, so mostly there is no timer. */
  #cancelQuiet(): void {
    this.#isQuiet = false;
    if (this.#quiet === undefined) return;
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
  }

  #fellQuiet(): void {
    this.#isQuiet = true;
    this.#framer.quiet();
    this.#come();
    this.#turn.finish();
  }
}
