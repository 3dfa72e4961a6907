/** Bytes for the content of one managed sysfs file. The longest is an energy preference of 20 letters. */
export const ATTRIBUTE_SIZE_MAX = 64;

const ZERO = 0x30;
const NINE = 0x39;
const NEWLINE = 0x0a;

/** The last content of an attribute, in one buffer that is reused. */
export class AttributeBuffer {
  protected readonly bytes = new Uint8Array(ATTRIBUTE_SIZE_MAX);
  protected size = 0;

  /**
   * Whether another reading has the same content. It allocates nothing, because it is called often for every open file.
   */
  protected saysAgain(bytes: Uint8Array, size: number): boolean {
    if (size !== this.size) return false;
    for (let i = 0; i < size; i++) if (bytes[i] !== this.bytes[i]) return false;
    return true;
  }

  /** Takes the first bytes as the content, as far as there is room. */
  protected take(bytes: Uint8Array, size = bytes.length): void {
    this.size = Math.min(size, ATTRIBUTE_SIZE_MAX);
    this.bytes.set(bytes.length > ATTRIBUTE_SIZE_MAX ? bytes.subarray(0, this.size) : bytes);
  }

  /** Whether the content is a line, with or without its end. */
  protected saysLine(line: Uint8Array): boolean {
    const ends = this.size === line.length + 1 && this.bytes[line.length] === NEWLINE;
    return (ends || this.size === line.length) && line.every((byte, i) => byte === this.bytes[i]);
  }

  text(): string {
    return String.fromCharCode(...this.bytes.subarray(0, this.size));
  }

  number(): number {
    let value = 0;
    let digits = 0;
    for (; digits < this.size; digits++) {
      const byte = this.bytes[digits] as number;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + byte - ZERO;
    }
    return digits === 0 ? Number.NaN : value;
  }
}
