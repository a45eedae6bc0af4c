/**
 * When a frame may go. Three things can say "not yet": the window (frames that nobody has
 * acknowledged), the rate, and a socket that still holds bytes of an earlier frame.
 *
 * Whoever has a reason to go slower says so by name with `limit`; the lowest counts. The server's
 * hello and its `pace` messages are two such names, the controller that watches the age is another.
 * All times are milliseconds of one clock that never goes back (`performance.now()`).
 */

/** More bytes than this still in the socket: the network is slower than we are. */
const MOST_BUFFERED = 16_384;
/** Asked again after this long while the socket is full, milliseconds. */
const BUFFER_PAUSE = 20;
/** A limit of 0 would never be lifted by a result; this is one frame in ten seconds. */
const LEAST_FPS = 0.1;
/** How late a frame may be without delaying the next, as a share of the interval. A server allows a whole. */
const UNEVENNESS = 0.8;
/** Weight of the newest round trip in the smoothed one, as TCP has it (RFC 6298). */
const SMOOTHING = 1 / 8;
/** A server that owes an answer for this long is silent, milliseconds … */
const SILENCE = 600;
/** … unless the way there and back always takes about as long: then for so many round trips. */
const SILENT_TRIPS = 3;
/** A result older than this is not shown, milliseconds … */
const STALE = 1_000;
/** … unless nothing was shown for this long: a picture that is always late is better than none. */
const STARVED = 3_000;

export class Pacer {
  #window = 1;
  #helloWindow = 1;
  /** @type {Map<string, number>} who says so -> frames a second */
  #limits = new Map();
  /** @type {Map<number, {captured: number, sent: number}>} seq -> when */
  #flying = new Map();
  #scheduled = Number.NEGATIVE_INFINITY;
  #heard = 0;
  #roundTrip = 0;
  #newestTrip = 0;

  /**
   * A session begins: nothing is outstanding, and what an earlier server said is void.
   * @param {number} window frames
   * @param {number} maxFps frames a second
   * @param {number} now
   */
  open(window, maxFps, now) {
    this.#flying.clear();
    this.#helloWindow = Math.max(1, window);
    this.#window = this.#helloWindow;
    this.limit("pace", null);
    this.limit("hello", maxFps);
    this.#scheduled = Number.NEGATIVE_INFINITY;
    this.#heard = now;
    this.#roundTrip = 0;
  }

  /**
   * The server asks for another pace, from this moment on.
   * @param {{window?: number, fps?: number | null}} pace what is absent stays as the hello had it
   */
  obey({ window, fps }) {
    this.#window = Math.max(1, window ?? this.#helloWindow);
    this.limit("pace", fps ?? null);
  }

  /**
   * @param {string} who has a reason
   * @param {number | null} fps frames a second; null takes the reason back
   */
  limit(who, fps) {
    if (fps === null) {
      this.#limits.delete(who);
    } else {
      this.#limits.set(who, Math.max(LEAST_FPS, fps));
    }
  }

  /** Frames a second that the server asks for, fewer than it said at first; null when it does not. */
  get pace() {
    const pace = this.#limits.get("pace") ?? Number.POSITIVE_INFINITY;
    return pace < (this.#limits.get("hello") ?? 0) ? pace : null;
  }

  /** Frames a second that are allowed now. */
  get fps() {
    return Math.min(...this.#limits.values());
  }

  /** Frames that are sent and not acknowledged. */
  get outstanding() {
    return this.#flying.size;
  }

  /**
   * May a frame go, and if not, when?
   * @param {number} now
   * @param {number} [buffered] bytes that wait in the socket
   * @returns {number} milliseconds to wait: 0 is yes, Infinity is "not before an acknowledgement"
   */
  wait(now, buffered = 0) {
    if (this.#flying.size >= this.#window) {
      return Number.POSITIVE_INFINITY;
    }
    const rate = Math.max(0, this.#scheduled + this.#interval - now);
    return buffered > MOST_BUFFERED ? Math.max(rate, BUFFER_PAUSE) : rate;
  }

  /**
   * @param {number} seq grows
   * @param {number} captured when the camera took it
   * @param {number} now
   */
  sent(seq, captured, now) {
    this.#flying.set(seq, { captured, sent: now });
    // Frames come unevenly. One that is a little late does not delay the next, so 30 a second pass a limit
    // of 30; one that is later than that does not let a burst through.
    this.#scheduled = Math.max(this.#scheduled + this.#interval, now - UNEVENNESS * this.#interval);
  }

  /**
   * A result or an error came: it and everything before it is acknowledged.
   * @param {number} seq
   * @param {number} now
   * @returns {number | null} when that frame was captured; null if it is not one of ours
   */
  acknowledge(seq, now) {
    const frame = this.#flying.get(seq);
    this.#heard = now;
    if (frame) {
      this.#newestTrip = now - frame.sent;
      this.#roundTrip += (now - frame.sent - this.#roundTrip) * (this.#roundTrip ? SMOOTHING : 1);
    }
    for (const earlier of this.#flying.keys()) {
      if (earlier <= seq) {
        this.#flying.delete(earlier);
      }
    }
    return frame?.captured ?? null;
  }

  /** From sending to acknowledgement, smoothed, milliseconds; 0 before the first. */
  get roundTrip() {
    return this.#roundTrip;
  }

  /** The same of the newest alone. */
  get newestTrip() {
    return this.#newestTrip;
  }

  /**
   * The age of the oldest frame that is not acknowledged: what comes back can be no newer.
   * @param {number} now
   * @returns {number} milliseconds since its capture; 0 when nothing is outstanding
   */
  oldest(now) {
    const [oldest] = this.#flying.values();
    return oldest === undefined ? 0 : now - oldest.captured;
  }

  /**
   * How long has the server owed an answer?
   * @param {number} now
   * @returns {number} milliseconds; 0 when nothing is outstanding
   */
  silence(now) {
    const [oldest] = this.#flying.values();
    return oldest === undefined ? 0 : Math.max(0, now - Math.max(oldest.sent, this.#heard));
  }

  /**
   * Does the server not answer, for longer than is usual on this network?
   * @param {number} now
   */
  isSilent(now) {
    return this.silence(now) > Math.max(SILENCE, SILENT_TRIPS * this.#roundTrip);
  }

  get #interval() {
    return 1_000 / this.fps;
  }
}

/**
 * Is a result still worth showing? What a stalled server or network lets go at last is not.
 * @param {number} age milliseconds since its capture
 * @param {number} sinceShown milliseconds since anything was shown
 */
export function isFresh(age, sinceShown) {
  return age <= STALE || sinceShown > STARVED;
}
