/** Pieces that are joined before they become a chain of strings much larger than what it says. */
const JOIN_AT = 256;

/** A string that comes in pieces, perhaps one character at a time. */
export class Pieces {
  #joined = "";
  #pieces: string[] = [];

  add(piece: string): void {
    if (this.#joined === "") {
      this.#joined = piece;
    } else {
      this.#pieces.push(piece);
      if (this.#pieces.length >= JOIN_AT) this.#join();
    }
  }

  /** The whole string; the next begins empty. */
  take(): string {
    if (this.#pieces.length > 0) this.#join();
    const whole = this.#joined;
    this.#joined = "";
    return whole;
  }

  #join(): void {
    this.#joined += this.#pieces.join("");
    this.#pieces = [];
  }
}
