/** What was noted at one time. */
interface Note {
  readonly atMs: number;
  readonly kind: string;
  readonly number: number;
  readonly who: string;
  readonly what: string;
}

/** So many of the last notes are kept. */
const KEPT_MAX = 20_000;

/** What happened, as one number: the same seed must give the same one. With `print`, also line by line. */
export class Trace {
  readonly #kept: Note[] = [];
  #a = 0x811c9dc5;
  #b = 0x1b873593;
  #notes = 0;
  readonly #nowMs: () => number;
  readonly #print: ((line: string) => void) | undefined;

  constructor(nowMs: () => number, print?: (line: string) => void) {
    this.#nowMs = nowMs;
    this.#print = print;
  }

  note(kind: string, number: number, who: string, what: string): void {
    const atMs = this.#nowMs();
    const noted = { atMs, kind, number, who, what };
    this.#kept[this.#notes++ % KEPT_MAX] = noted;
    this.#mix(Math.floor(atMs * 1000) % 2 ** 32);
    this.#mix(number);
    this.#text(kind);
    this.#text(who);
    this.#text(what);
    this.#print?.(lineOf(noted));
  }

  /** The last of what happened, line by line. */
  lastLines(): string[] {
    const oldest = this.#notes % KEPT_MAX;
    return [...this.#kept.slice(oldest), ...this.#kept.slice(0, oldest)].map(lineOf);
  }

  hash(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul((this.#b ^ value) + 0x9e3779b9, 0x85ebca6b) ^ (this.#b >>> 15);
  }
}

function lineOf({ atMs, kind, number, who, what }: Note): string {
  return `${atMs.toFixed(3).padStart(14)} ${kind.padEnd(10)} ${number} ${who} ${what}`;
}
