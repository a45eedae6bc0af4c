/**
 * Works on one thing at a time, on the newest that there is: while it works at most one waits.
 * @template T
 */
export class Newest {
  #work;
  #lost;
  #busy = false;
  /** @type {T | null} */
  #waiting = null;

  /**
   * @param {object} parts
   * @param {() => Promise<void>} parts.work takes what waits when it is ready for it
   * @param {(item: T) => void} parts.lost a newer one took its place
   */
  constructor({ work, lost }) {
    this.#work = work;
    this.#lost = lost;
  }

  /** @param {T} item */
  offer(item) {
    const older = this.take();
    this.#waiting = item;
    if (older !== null) {
      this.#lost(older);
    }
    if (!this.#busy) {
      this.#run();
    }
  }

  /** @returns {T | null} what waits, which waits no more */
  take() {
    const item = this.#waiting;
    this.#waiting = null;
    return item;
  }

  async #run() {
    this.#busy = true;
    try {
      while (this.#waiting !== null) {
        await this.#work();
      }
    } finally {
      this.#busy = false;
    }
  }
}
