/**
 * When more may be tried, and what came of it: the more often a try has failed, the longer until the next.
 *
 * @typedef {import("./ladder.js").Position} Position
 * @typedef {import("./ladder.js").Rung} Rung
 * @typedef {{at: number, age: number, position: Position, rung: Rung}} Trial
 *   when, and what went well before
 */

/** There must be room for so long before more is tried, milliseconds; it doubles with every failure. */
const PATIENCE = 1_000;
const MOST_PATIENCE = 60_000;
/** What has held for so long was no failure, milliseconds. */
const HELD = 8_000;
/** The age is down to this share of what was to be expected: the link is a better one now … */
const BETTER = 0.7;
/** … if it stays so, milliseconds. */
const BELIEVED = 1_500;

export class Trials {
  #patience = PATIENCE;
  /** Since when is there room? @type {number | null} */
  #roomSince = null;
  /** @type {Trial | null} */
  #tried = null;
  /** @type {Trial | null} the last one that failed */
  failed = null;
  #betterSince = 0;

  /** @param {number} now only what comes from now on tells anything */
  restart(now) {
    this.#roomSince = null;
    this.#betterSince = now;
  }

  /** What was tried so far is void. */
  forget() {
    this.#patience = PATIENCE;
    this.#tried = null;
    this.failed = null;
  }

  /** There is no room for more. */
  full() {
    this.#roomSince = null;
  }

  /**
   * There is room for more.
   * @param {number} now
   * @returns {boolean} for long enough?
   */
  mayTry(now) {
    this.#roomSince ??= now;
    return now - this.#roomSince >= this.#patience;
  }

  /** @param {Trial} trial */
  begin(trial) {
    this.#tried = trial;
  }

  /**
   * Pictures are late.
   * @param {number} now
   * @returns {Position | null} where it went well, if that is since a try; null: a try is not the reason
   */
  late(now) {
    const tried = this.#tried;
    this.#tried = null;
    if (!tried || now - tried.at >= HELD) {
      return null;
    }
    this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
    this.failed = tried;
    return tried.position;
  }

  /**
   * @param {number} share age, of what is to be expected by the last failure
   * @param {number} now
   */
  compare(share, now) {
    if (share >= BETTER) {
      this.#betterSince = now;
    } else if (now - this.#betterSince >= BELIEVED) {
      this.failed = null;
      this.#patience = PATIENCE;
    }
  }
}
