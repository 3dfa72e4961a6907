/** Something that was written and has to be read again, because it may have been rounded. */
interface Written {
  readBack(): void;
}

/**
 * What was written in this turn of the event loop. Each is read once at the turn's end: a burst of requests writes one
 * setting many times, and a guest's reply does not wait for a reading.
 */
export class ReadBack {
  readonly #done: () => void;
  #written: Written[] = [];

  /** `done` is called when all of a turn is read. */
  constructor(done: () => void) {
    this.#done = done;
  }

  add(written: Written): void {
    if (this.#written.push(written) === 1) setImmediate(() => this.#readAll());
  }

  #readAll(): void {
    const all = this.#written;
    this.#written = [];
    for (const written of all) written.readBack();
    this.#done();
  }
}
