/**
 * Watches the age of what comes back. Gives up frames, quality and width, rung by rung of a ladder, when
 * it passes its target; takes them back in reverse when there is room, the more rarely the more often
 * that has failed, so that nothing swings.
 *
 * All times are milliseconds of one clock that never goes back.
 *
 * @typedef {import("./answers.js").Answer} Answer
 * @typedef {import("./answers.js").Slow} Slow
 * @typedef {import("./capture.js").Form} Form
 * @typedef {import("./ladder.js").Rung} Rung
 */
import { Answers } from "./answers.js";
import { Descent } from "./descent.js";
import { growth, Ladder } from "./ladder.js";
import { Trials } from "./trials.js";

/** Pictures older than this are late, milliseconds. */
const TARGET = 150;
/** What is measured ends where the answer comes; until it is on the screen it takes this share more. */
const MARGIN = 0.85;
/** No picture can be newer than the way there and back is long; so many times that is no fault. */
const FAR = 1.3;
/** Nor is so many times the age that nothing could lower. */
const ACCEPTED = 1.15;
/** Late by a tenth for 1.5 s is too late, as twice the age for 0.15 s is. Milliseconds. */
const TOLERANCE = 150;
/** Under this share of the limit there is room for more. */
const ROOM = 0.85;
/** An accepted age that has fallen to this share was not the way's own after all. */
const NEARER = 0.7;
/** The pauses between two judgements count up to this, milliseconds. */
const LONGEST_STEP = 250;

export class Adaptation {
  #target;
  #ladder = new Ladder({ quality: 70, width: 640 });
  #answers = new Answers();
  /** The least time there and back that is known of; 0: none is. */
  #floor = 0;
  /** An age that nothing could lower. */
  #accepted = 0;
  /** How late, for how long: the excess over the limit as a share, times milliseconds. */
  #lateness = 0;
  #judged = 0;
  /** @type {Descent | null} */
  #descent = null;
  #trials = new Trials();
  /** Has this session ever been in time? */
  #inTimeBefore = false;
  /** Would a stall now be the first? */
  #forgiving = true;
  /** @type {Slow} */
  #slow = "network";

  /** @param {number} [target] age that is wished, milliseconds */
  constructor(target = TARGET) {
    this.#target = target;
  }

  /** What to send now. @returns {Rung} */
  get rung() {
    return this.#ladder.rung;
  }

  /** What the user wants. @returns {Form} */
  get ceiling() {
    return this.#ladder.ceiling;
  }

  /** Where most of the time goes; null where nothing is given up. @returns {Slow | null} */
  get slow() {
    return this.#ladder.atTop ? null : this.#slow;
  }

  /**
   * A session begins: it may be another server, by another way.
   * @param {number} now
   */
  open(now) {
    this.#inTimeBefore = false;
    this.#forgiving = true;
    this.#floor = 0;
    this.#accepted = 0;
    this.#descent = null;
    this.#trials.forget();
    this.#settle(now);
  }

  /**
   * The user wants other pictures, or the camera gives others.
   * @param {Form} form
   * @param {number} now
   */
  limit({ quality, width }, now) {
    const { ceiling } = this.#ladder;
    if (quality !== ceiling.quality || width !== ceiling.width) {
      this.#ladder.limit({ quality, width });
      this.#descent = null;
      this.#trials.forget();
      this.#settle(now);
    }
  }

  /** @param {number} roundTrip of a message that waited for nothing and nobody */
  idle(roundTrip) {
    this.#floor = this.#floor ? Math.min(this.#floor, roundTrip) : roundTrip;
  }

  /**
   * @param {Answer} answer
   * @param {number} now
   */
  answered(answer, now) {
    const age = now - answer.captured;
    this.#floor = Math.min(this.#floor, age);
    // A stall is no slow link, nor is a server that wakes up: what waited meanwhile does not count. Again
    // only if all was well in between.
    if (answer.late && this.#forgiving && (this.#inTimeBefore || answer.server > age / 2)) {
      this.#forgiving = false;
      this.#settle(now);
    }
    this.#answers.add(answer, now);
  }

  /**
   * To be called with every answer, and several times a second.
   * @param {number} now
   * @param {number} oldest age of the oldest frame without an answer; 0 where there is none
   * @returns {boolean} is the rung another?
   */
  judge(now, oldest) {
    const before = this.#ladder.position;
    const limit = this.#limit;
    // What is not here yet will be older still when it comes; before it is late, it tells nothing.
    const age = this.#answers.age(now, oldest > limit ? oldest : 0);
    if (age !== null) {
      const step = Math.min(LONGEST_STEP, now - this.#judged);
      this.#lateness = Math.max(0, this.#lateness + step * (age / limit - 1));
      if (this.#lateness > TOLERANCE) {
        this.#late(age, now);
      } else if (age <= limit) {
        this.#inTime(age, now);
      } else {
        this.#trials.full();
      }
    }
    this.#judged = now;
    return this.#ladder.position !== before;
  }

  get #limit() {
    return Math.max(this.#target * MARGIN, this.#floor * FAR, this.#accepted * ACCEPTED);
  }

  /**
   * @param {number} age
   * @param {number} now
   */
  #late(age, now) {
    this.#slow = this.#answers.slow;
    const before = this.#trials.late(now);
    if (before) {
      this.#ladder.position = before;
    } else {
      this.#descent ??= new Descent(this.#ladder, age);
      const least = this.#descent.goOn(age, this.#limit, this.#answers);
      if (least !== null) {
        this.#accepted = least;
        this.#descent = null;
      }
    }
    this.#settle(now);
  }

  /**
   * @param {number} age
   * @param {number} now
   */
  #inTime(age, now) {
    this.#inTimeBefore = true;
    this.#forgiving = true;
    this.#descent = null;
    this.#learn(age, now);
    const limit = this.#limit;
    const better = this.#ladder.better(
      (growth) => this.#expected(age, growth) < limit * (growth > 1 ? ROOM : 1),
    );
    if (!better) {
      this.#trials.full();
    } else if (this.#trials.mayTry(now)) {
      const { position, rung } = this.#ladder;
      this.#trials.begin({ at: now, age, position, rung });
      this.#ladder.position = better;
      this.#settle(now);
    }
  }

  /**
   * Is the link a better one than it was?
   * @param {number} age
   * @param {number} now
   */
  #learn(age, now) {
    if (age < NEARER * this.#accepted) {
      this.#accepted = 0;
    }
    const { failed } = this.#trials;
    if (failed) {
      const expected = this.#expected(failed.age, growth(failed.rung, this.rung));
      this.#trials.compare((age - this.#floor) / (expected - this.#floor), now);
    }
  }

  /**
   * @param {number} age
   * @param {number} growth times so many bytes
   */
  #expected(age, growth) {
    return this.#floor + Math.max(0, age - this.#floor) * growth;
  }

  /**
   * Only what is captured from now on counts.
   * @param {number} now
   */
  #settle(now) {
    this.#answers.restart(now);
    this.#trials.restart(now);
    this.#lateness = 0;
  }
}
