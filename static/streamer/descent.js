/**
 * One way down a ladder, until pictures are in time again or nothing more helps. What was given up in
 * vain is taken back.
 *
 * @typedef {import("./ladder.js").Ladder} Ladder
 * @typedef {import("./ladder.js").Position} Position
 * @typedef {import("./ladder.js").Stage} Stage
 */

/** To have helped, what was given up must have brought the age down to this share. */
const HELPED = 0.85;
/** Every time that an age is so many times its limit is a step more at once. */
const EXCESS = 1.5;

export class Descent {
  #ladder;
  /** Where it began, and the age there. */
  #top;
  /** The same of its present stage. @type {{name: Stage, age: number, position: Position}} */
  #stage;

  /**
   * @param {Ladder} ladder
   * @param {number} age that is too old
   */
  constructor(ladder, age) {
    this.#ladder = ladder;
    ladder.keepForm = false;
    const { position, stage } = ladder;
    this.#top = { age, position };
    this.#stage = { name: stage, age, position };
  }

  /**
   * Gives up more.
   * @param {number} age that is still too old
   * @param {number} limit
   * @param {number} rate frames a second that come back now
   * @returns {boolean} false: this is the end, the age is the way's own
   */
  goOn(age, limit, rate) {
    const ladder = this.#ladder;
    const { position, stage } = ladder;
    const given = this.#stage;
    const vain = age > HELPED * given.age;
    if (stage === "end" || (stage === "last" && given.name === "last" && vain)) {
      ladder.position = age > HELPED * this.#top.age ? this.#top.position : given.position;
      return false;
    }
    if (given.name === "form" && stage === "last" && vain) {
      // The server takes as long for a small picture, or it is the way that takes its time.
      ladder.keepForm = true;
      ladder.position = { ...position, form: given.position.form };
    }
    const before = ladder.position;
    const name = ladder.down(Math.floor(Math.log(age / limit) / Math.log(EXCESS)), rate);
    if (name !== given.name) {
      this.#stage = { name, age, position: before };
    }
    return true;
  }
}
