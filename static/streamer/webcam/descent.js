/**
 * One way down a ladder, until pictures are in time again or nothing more helps. What was given up in
 * vain is taken back.
 *
 * @typedef {import("./answers.js").Answers} Answers
 * @typedef {import("./ladder.js").Ladder} Ladder
 * @typedef {import("./ladder.js").Position} Position
 * @typedef {import("./ladder.js").Stage} Stage
 */

/** To have helped, what was given up must have brought the age down to this share. */
const HELPED = 0.85;
/** Every time that an age is so many times its limit is a step more at once. */
const EXCESS = 1.5;

/** @typedef {{age: number, position: Position}} Place */

export class Descent {
  #ladder;
  /** Where it began. @type {Place} */
  #top;
  /** Where its present stage began. @type {Place & {name: Stage}} */
  #stage;
  /** Is it known by now whether smaller pictures help? */
  #formTried;
  /** The best that the present stage has brought. @type {Place} */
  #best;

  /**
   * @param {Ladder} ladder
   * @param {number} age that is too old
   */
  constructor(ladder, age) {
    this.#ladder = ladder;
    // Where few frames come in large pictures, smaller ones were no help before.
    ladder.keepForm &&= ladder.isSparse;
    this.#formTried = !ladder.keepForm;
    const { position, stage } = ladder;
    this.#top = { age, position };
    this.#stage = { name: stage, age, position };
    this.#best = this.#stage;
  }

  /**
   * Gives up more.
   * @param {number} age that is still too old
   * @param {number} limit
   * @param {Answers} answers that come back now
   * @returns {number | null} the way's own age: this is the end; null: it goes on
   */
  goOn(age, limit, { rate, server }) {
    const ladder = this.#ladder;
    const { stage } = ladder;
    if (stage === "end" || (this.#stage.name === "last" && stage === "last")) {
      const before = this.#best;
      this.#best = lower({ age, position: ladder.position }, before);
      // A server that is never done sooner than the next frame comes makes every step but the right one vain.
      const done = 1_000 / (ladder.rung.fps ?? rate) > server;
      const over = stage === "end" || (done && this.#best === before);
      if (over && !this.#formTried) {
        // The way may be another since.
        ladder.keepForm = false;
        this.#formTried = true;
      } else if (over) {
        const { age: least, position } = lower(this.#best, this.#top);
        ladder.position = position;
        return least;
      }
    }
    if (this.#stage.name === "form" && stage === "last" && vain(age, this.#stage.age)) {
      // The server takes as long for a small picture, or it is the way that takes its time.
      ladder.keepForm = true;
      ladder.position = { ...ladder.position, form: this.#stage.position.form };
    }
    const before = ladder.position;
    const name = ladder.down(Math.floor(Math.log(age / limit) / Math.log(EXCESS)), rate);
    if (name !== this.#stage.name) {
      this.#stage = { name, age, position: before };
      this.#best = this.#stage;
    }
    return null;
  }
}

/**
 * @param {number} age
 * @param {number} before
 */
function vain(age, before) {
  return age > HELPED * before;
}

/**
 * @param {Place} less
 * @param {Place} more
 * @returns {Place} with less given up, unless it helped to give up more
 */
function lower(less, more) {
  return vain(less.age, more.age) ? more : less;
}
