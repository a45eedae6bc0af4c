/**
 * What came back within the last second: how old it was, how much of it came, where the time went.
 *
 * @typedef {"network" | "server" | "device"} Slow  where most of the time goes
 * @typedef {object} Answer to one frame
 * @property {number} captured when its frame was taken
 * @property {number} server milliseconds that it took in the server
 * @property {boolean} late did it end a silence?
 * @property {number} roundTrip milliseconds from sending to the answer
 */
import { median } from "../shared/median.js";

const SPAN = 1_000;
/** So many at least: fewer do not tell a hiccup from a slow link. */
const LEAST = 3;

export class Answers {
  /** @type {(Answer & {age: number, at: number})[]} */
  #all = [];
  #since = Number.NEGATIVE_INFINITY;

  /** @param {number} now what was captured before does not count */
  restart(now) {
    this.#since = now;
    this.#all = [];
  }

  /**
   * @param {Answer} answer
   * @param {number} now
   */
  add(answer, now) {
    if (answer.captured >= this.#since) {
      this.#all.push({ ...answer, age: now - answer.captured, at: now });
    }
  }

  /**
   * @param {number} now
   * @param {number} waiting age of a frame that has no answer yet and is late already; 0 for none
   * @returns {number | null} median age, milliseconds; null where there is too little to tell
   */
  age(now, waiting) {
    while (this.#all.length > LEAST && this.#all[0].at < now - SPAN) {
      this.#all.shift();
    }
    const ages = this.#all.map((answer) => answer.age);
    if (waiting > 0 && now - waiting >= this.#since) {
      ages.push(waiting);
    }
    return ages.length < LEAST ? null : median(ages);
  }

  /** Frames a second that are answered. */
  get rate() {
    const last = this.#all.length - 1;
    return last < 1 ? 0 : (last * 1_000) / Math.max(1, this.#all[last].at - this.#all[0].at);
  }

  /** Milliseconds that the server takes for one. */
  get server() {
    return this.#median("server");
  }

  /** @returns {Slow} */
  get slow() {
    const roundTrip = this.#median("roundTrip");
    const { server } = this;
    const network = roundTrip - server;
    const device = this.#median("age") - roundTrip;
    if (server >= network && server >= device) {
      return "server";
    }
    return network >= device ? "network" : "device";
  }

  /** @param {"age" | "server" | "roundTrip"} key */
  #median(key) {
    return median(this.#all.map((answer) => answer[key])) ?? 0;
  }
}
