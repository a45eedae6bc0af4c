/**
 * One stream as the page knows it: what the list says of it, what the socket says while it is watched,
 * and its pictures.
 *
 * @typedef {import("./roster.js").StreamInfo} StreamInfo
 * @typedef {import("./words.js").ShownState} ShownState
 * @typedef {import("./screen.js").Arrival} Arrival
 * @typedef {import("../shared/protocol.js").StateMessage} StateMessage
 * @typedef {import("../shared/connection.js").LinkState} LinkState
 * @typedef {object} Account
 * @property {ShownState} state
 * @property {string} title of the state
 * @property {string} detail of the state, or empty
 * @property {boolean} veiled the picture is not of now, or there is none
 * @property {number} viewers
 * @property {number | null} fps frames a second of the source
 * @property {number | null} shown frames a second that are shown here
 * @property {number | null} age milliseconds from the camera to the screen without the network between
 * @property {string} last how long ago the picture was taken that stands still, or empty
 * @property {string} seen what is seen now
 */
import { Meter } from "../shared/meter.js";
import { seenWords } from "../shared/words.js";
import { agoWords, countsWords, stateWords } from "./words.js";

export class Stream {
  #now;
  #meter;
  #watched = false;
  /** @type {LinkState} of the socket over which it is watched */
  #link = { name: "closed" };
  /** @type {StreamInfo | null} */
  #info = null;
  /** @type {StateMessage | null} */
  #told = null;
  /** @type {string | null} */
  #refusal = null;
  /** The picture that was shown last, and when it was taken. @type {{arrival: Arrival, taken: number} | null} */
  #picture = null;

  /**
   * @param {string} name
   * @param {() => number} now milliseconds
   */
  constructor(name, now) {
    this.name = name;
    this.#now = now;
    this.#meter = new Meter(now);
  }

  /** The picture that was shown last. */
  get arrival() {
    return this.#picture?.arrival ?? null;
  }

  /** Is there nothing to watch, until the list says otherwise? */
  get isOver() {
    return this.#refusal !== null || this.#told?.state === "ended";
  }

  get size() {
    return this.#info?.size ?? null;
  }

  /** @param {StreamInfo} info */
  list(info) {
    this.#info = info;
    if (this.isOver) {
      this.#refusal = null;
      this.#told = null;
    }
  }

  /**
   * @param {boolean} watched
   * @param {LinkState} link of the socket
   */
  watch(watched, link) {
    if ((!watched || link.name !== "open") && !this.isOver) {
      this.#told = null;
    }
    if (watched && !this.#watched) {
      this.#meter.reset();
    }
    this.#watched = watched;
    this.#link = link;
  }

  /** @param {StateMessage} message */
  tell(message) {
    this.#told = message;
    this.#refusal = null;
  }

  /** @param {string} message */
  refuse(message) {
    this.#refusal = message;
  }

  /**
   * A picture is on the screen.
   * @param {Arrival} arrival
   */
  show(arrival) {
    // Only what this page can measure is added: the clocks of server and browser are not compared.
    this.#picture = { arrival, taken: arrival.at - arrival.frame.age_ms };
    this.#meter.shown(this.#now() - this.#picture.taken);
  }

  /** @returns {Account} as it is now */
  get account() {
    const state = this.#state;
    const isLive = state === "live";
    const { fpsDown, age } = this.#meter.read();
    const shown = this.#watched && isLive ? fpsDown : null;
    const isNew = isLive && this.#watched && !this.#picture;
    return {
      state,
      ...stateWords(isNew ? "opening" : state, this.#reason(state)),
      veiled: !isLive || isNew,
      viewers: this.isOver ? 0 : (this.#told?.viewers ?? this.#info?.viewers ?? 0),
      fps: isLive ? this.#info?.fps || shown : null,
      shown,
      age: isLive ? (age ?? this.#info?.age_ms ?? null) : null,
      last: !isLive && this.#picture ? agoWords(this.#now() - this.#picture.taken) : "",
      seen: isLive ? this.#seen : "",
    };
  }

  /** @returns {ShownState} */
  get #state() {
    if (this.#refusal !== null) {
      return "gone";
    }
    if (this.#told?.state === "ended") {
      return "ended";
    }
    if (!this.#watched) {
      return this.#info?.state ?? "closed";
    }
    if (this.#link.name === "failed") {
      return "stopped";
    }
    return this.#link.name === "open" ? (this.#told?.state ?? "opening") : "lost";
  }

  /** @param {ShownState} state */
  #reason(state) {
    if (state === "lost") {
      return "";
    }
    if (state === "stopped" && this.#link.name === "failed") {
      return this.#link.fault.remedy;
    }
    return this.#refusal ?? this.#told?.message ?? this.#info?.message;
  }

  get #seen() {
    return this.#watched && this.#picture
      ? seenWords(this.#picture.arrival.frame.detections, false)
      : countsWords(this.#info?.seen ?? null);
  }
}
