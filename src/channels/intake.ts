import { Framer, QUIET_MS, SILENCE_MS } from "../wire/framer.ts";
import type { Abi } from "../wire/layout.ts";

/** Packets that are handled before another channel gets its turn. */
const FRAMES_PER_TURN = 32;

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
  /** `more`: another packet may follow before {@link turnEnds}. */
  packet(frame: Uint8Array, more: boolean): void;
  turnEnds(): void;
  /** Whether packets that wait are handled in the next turn of the event loop, instead of after a breath. */
  mayHurry(): boolean;
}

/** Cuts the bytes of one connection into packets, and hands them on in turns. While packets wait, nothing is read. */
export class Intake {
  readonly #framer: Framer;
  readonly #source: Source;
  readonly #handler: PacketHandler;
  #quiet: Timer | undefined;
  #isPaused = false;
  #mustRest = false;
  #isClosed = false;

  constructor(abi: Abi | "auto", source: Source, handler: PacketHandler) {
    this.#framer = new Framer(abi);
    this.#source = source;
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
    if (!this.#isPaused) this.#turn();
  }

  /** The guest sends far too much: after this turn nothing is read for a while. */
  rest(): void {
    this.#mustRest = true;
  }

  /** Ends it: no packet follows. */
  close(): void {
    this.#isClosed = true;
    this.#cancelQuiet();
  }

  /** Handles the packets that were received, as far as one turn allows. */
  #turn(): void {
    this.#handler.turnBegins();
    let handled = 0;
    for (; handled < FRAMES_PER_TURN && !this.#isClosed; handled++) {
      const frame = this.#framer.next();
      if (frame === undefined) break;
      this.#handler.packet(frame, this.#framer.waiting);
    }
    this.#handler.turnEnds();
    if (this.#isClosed) return;
    if (this.#mustRest || (handled === FRAMES_PER_TURN && this.#framer.waiting)) this.#pause();
    else if (this.#framer.waiting) this.#quiet = setTimeout(() => this.#fellQuiet(), QUIET_MS);
  }

  /** Reads nothing until the next turn of the event loop, or until the breath or the rest is over. */
  #pause(): void {
    this.#isPaused = true;
    this.#source.pause();
    const goOn = () => {
      this.#isPaused = false;
      if (this.#isClosed) return;
      this.#source.resume();
      this.#turn();
    };
    if (!this.#mustRest && this.#handler.mayHurry()) setImmediate(goOn);
    else setTimeout(goOn, this.#mustRest ? REST_MS : BREATH_MS);
    this.#mustRest = false;
  }

  /** Most packets come whole, so mostly there is no timer. */
  #cancelQuiet(): void {
    if (this.#quiet === undefined) return;
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
  }

  #fellQuiet(): void {
    this.#framer.quiet();
    const { waiting } = this.#framer;
    this.#turn();
    if (!waiting || !this.#framer.waiting || this.#isPaused) return;
    this.#cancelQuiet();
    this.#quiet = setTimeout(() => this.#framer.silence(), SILENCE_MS - QUIET_MS);
  }
}
