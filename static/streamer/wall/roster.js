/**
 * Which streams there are for this visitor, and their figures: asked of the server again and again.
 *
 * @typedef {import("../shared/protocol.js").StreamState} StreamState
 * @typedef {{name: string, kind: "camera" | "webcam", state: StreamState, message: string,
 *   viewers: number, fps: number, age_ms: number | null, size: [number, number] | null,
 *   seen: Record<string, boolean | number> | null}} StreamInfo
 *   fps: frames a second of the source; seen: null while it is not live
 * @typedef {{title: string, remedy: string, isStranger: boolean}} Trouble
 *   isStranger: the server does not know this visitor, or not any more
 * @typedef {object} RosterEvents
 * @property {(streams: StreamInfo[]) => void} streams
 * @property {(trouble: Trouble) => void} trouble what is known stays as it is
 */
import { Backoff } from "../shared/backoff.js";
import { BARRED } from "../shared/faults.js";
import { sentence } from "../shared/words.js";

/** How often it is asked, milliseconds. */
const PERIOD = 2_500;
const ANSWER_TIMEOUT = 8_000;

const AWAY = Object.freeze({
  title: "The server does not answer",
  remedy: "It may be restarting, or the network is away. This page goes on by itself.",
  isStranger: false,
});

const LOGGED_OUT = Object.freeze({
  title: "You are not logged in any more",
  remedy: "Log in again to go on watching.",
});

export class Roster {
  #url;
  #isByLink;
  #on;
  #fetch;
  #backoff = new Backoff({ first: PERIOD, most: 30_000 });
  #running = false;
  /** Counts the starts: what was asked before a stop is not told after it. */
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} parts
   * @param {string} parts.url
   * @param {boolean} [parts.isByLink] did this visitor come by a link, without a log-in?
   * @param {RosterEvents} parts.on
   * @param {typeof globalThis.fetch} [parts.ask]
   */
  constructor({ url, isByLink = false, on, ask }) {
    this.#url = url;
    this.#isByLink = isByLink;
    this.#on = on;
    this.#fetch = ask ?? ((to, how) => fetch(to, how));
  }

  start() {
    if (!this.#running) {
      this.#running = true;
      this.askNow();
    }
  }

  stop() {
    this.#running = false;
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  /** Does not wait for the end of a pause. */
  async askNow() {
    if (!this.#running) {
      return;
    }
    clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    const answer = await this.#ask();
    if (turn !== this.#turn) {
      return;
    }
    if (Array.isArray(answer)) {
      this.#backoff.reset();
      this.#on.streams(answer);
    } else {
      this.#on.trouble(answer);
    }
    const pause = Array.isArray(answer) ? PERIOD : this.#backoff.next();
    this.#timer = setTimeout(() => this.askNow(), pause);
  }

  /** @returns {Promise<StreamInfo[] | Trouble>} */
  async #ask() {
    try {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT);
      const response = await this.#fetch(this.#url, { signal, cache: "no-store" });
      if (response.status === 401 || response.status === 403) {
        const { title, remedy } = response.status === 401 && !this.#isByLink ? LOGGED_OUT : BARRED;
        return { title, remedy, ...(await words(response)), isStranger: true };
      }
      return response.ok ? (await response.json()).streams : AWAY;
    } catch {
      // No network, no server, or no JSON from it: the next time may be better.
      return AWAY;
    }
  }
}

/**
 * @param {Response} response
 * @returns {Promise<{remedy?: string}>} what the server says of it
 */
async function words(response) {
  try {
    const { detail } = await response.json();
    return typeof detail === "string" && detail ? { remedy: sentence(detail) } : {};
  } catch {
    return {};
  }
}
