/**
 * @typedef {{fpsUp: number, fpsDown: number, age: number | null, dropped: number,
 *   kbUp: number, kbDown: number}} Figures
 *   frames a second sent and shown, median age in milliseconds (null: nothing was shown), frames
 *   dropped since the start, kilobytes (1000 bytes) a second
 * @typedef {{at: number, value: number}} Event
 */
import { median } from "./median.js";

/** The live figures over a sliding window of time. */
export class Meter {
  #now;
  #span;
  #began;
  /** @type {Event[]} */ #sent = [];
  /** @type {Event[]} */ #received = [];
  /** @type {Event[]} */ #shown = [];
  #earlierSessions = 0;
  #thisSession = 0;
  #own = 0;

  /**
   * @param {() => number} now milliseconds of a clock that never goes back
   * @param {number} [span] length of the window, milliseconds
   */
  constructor(now, span = 2_000) {
    this.#now = now;
    this.#span = span;
    this.#began = now();
  }

  /** Everything from zero. */
  reset() {
    this.#sent = [];
    this.#received = [];
    this.#shown = [];
    this.#earlierSessions = 0;
    this.#thisSession = 0;
    this.#own = 0;
    this.#began = this.#now();
  }

  /** The server's count of drops starts at zero with every connection; ours goes on. */
  newSession() {
    this.#earlierSessions += this.#thisSession;
    this.#thisSession = 0;
  }

  /** @param {number} bytes of a frame that was sent */
  sent(bytes) {
    this.#note(this.#sent, bytes);
  }

  /** @param {number} bytes of a message that came */
  received(bytes) {
    this.#note(this.#received, bytes);
  }

  /** @param {number} age milliseconds from capture to display */
  shown(age) {
    this.#note(this.#shown, age);
  }

  /** @param {number} total frames that the server has dropped in this session so far */
  serverDropped(total) {
    this.#thisSession = Math.max(this.#thisSession, total);
  }

  /** A frame was lost on this side: not encoded, not decoded, or too old to show. */
  lost() {
    this.#own += 1;
  }

  /** @returns {Figures} */
  read() {
    const now = this.#now();
    for (const events of [this.#sent, this.#received, this.#shown]) {
      prune(events, now - this.#span);
    }
    // In the first moments the window is not full yet; a floor keeps one frame from reading as 1000 a second.
    const seconds = Math.max(500, Math.min(this.#span, now - this.#began)) / 1_000;
    return {
      fpsUp: this.#sent.length / seconds,
      fpsDown: this.#shown.length / seconds,
      age: median(this.#shown.map((event) => event.value)),
      dropped: this.#earlierSessions + this.#thisSession + this.#own,
      kbUp: total(this.#sent) / seconds / 1_000,
      kbDown: total(this.#received) / seconds / 1_000,
    };
  }

  /**
   * @param {Event[]} events
   * @param {number} value
   */
  #note(events, value) {
    const at = this.#now();
    prune(events, at - this.#span);
    events.push({ at, value });
  }
}

/**
 * @param {Event[]} events in order of time
 * @param {number} since what is older goes
 */
function prune(events, since) {
  while (events.length > 0 && events[0].at < since) {
    events.shift();
  }
}

/** @param {Event[]} events */
function total(events) {
  return events.reduce((sum, event) => sum + event.value, 0);
}
