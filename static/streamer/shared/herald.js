/** Decides when a changing text is read out: the newest one, only when it has changed, and seldom. */
export class Herald {
  #pause;
  #said = "";
  #at = Number.NEGATIVE_INFINITY;

  /** @param {number} pause least time between two texts, milliseconds */
  constructor(pause) {
    this.#pause = pause;
  }

  /**
   * @param {string} text as it is now
   * @param {number} now milliseconds
   * @returns {string | null} what to say; null for nothing, ask again later
   */
  offer(text, now) {
    if (text === this.#said || now - this.#at < this.#pause) {
      return null;
    }
    this.#said = text;
    this.#at = now;
    return text;
  }
}
