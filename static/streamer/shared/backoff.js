/** Pauses between tries: each about twice the one before, jittered so that pages do not come back as one. */
export class Backoff {
  #first;
  #most;
  #random;
  #tries = 0;

  /**
   * @param {{first?: number, most?: number, random?: () => number}} [options]
   *   first and most: milliseconds; random: a number from 0 up to 1
   */
  constructor({ first = 500, most = 30_000, random = Math.random } = {}) {
    this.#first = first;
    this.#most = most;
    this.#random = random;
  }

  /** @returns {number} milliseconds to wait before the next try, `first` to `most` */
  next() {
    const pause = this.#first * 2 ** this.#tries;
    // Past the ceiling there is nothing left to grow, and 2 ** tries must not run off to Infinity.
    if (pause < this.#most) {
      this.#tries += 1;
    }
    // Up to half as much again: less than the doubling, so that pauses still grow.
    const jittered = Math.min(pause, this.#most / 1.5) * (1 + this.#random() / 2);
    return Math.min(jittered, this.#most);
  }

  /** A try was a success: the next pause is a short one again. */
  reset() {
    this.#tries = 0;
  }
}
