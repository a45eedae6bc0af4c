/**
 * Whether this webcam is shown to others: asked for once, asked for again after a lost connection, and
 * over as soon as the user says so.
 *
 * @typedef {import("../shared/protocol.js").ClientMessage} ClientMessage
 * @typedef {import("../shared/protocol.js").Shared} Shared
 * @typedef {import("../shared/protocol.js").SharingAnswer} SharingAnswer
 * @typedef {import("../shared/connection.js").LinkState} LinkState
 * @typedef {{name: "off" | "asking", shared: null} | {name: "on" | "interrupted", shared: Shared}} SharingState
 *   interrupted: there is no connection, so nobody sees anything
 */

/** @type {SharingState} */
const OFF = Object.freeze({ name: "off", shared: null });

export class Sharing {
  #send;
  #changed;
  /** How many times the server was told to end it, and has not answered. */
  #unanswered = 0;
  /** @type {LinkState["name"]} */
  #link = "closed";

  /** @type {SharingState} */
  state = OFF;

  /**
   * @param {object} parts
   * @param {(message: ClientMessage) => void} parts.send goes nowhere while there is no connection
   * @param {() => void} parts.changed
   */
  constructor({ send, changed }) {
    this.#send = send;
    this.#changed = changed;
  }

  /** Is it to be shown, now or when there is a connection? */
  get wanted() {
    return this.state.name !== "off";
  }

  share() {
    if (!this.wanted) {
      this.#become({ name: "asking", shared: null });
      this.#send({ type: "share" });
    }
  }

  unshare() {
    if (this.wanted) {
      this.#unanswered += 1;
      this.#send({ type: "unshare" });
      this.end();
    }
  }

  /** The session ends, and this with it. */
  end() {
    if (this.wanted) {
      this.#become(OFF);
    }
  }

  /** @param {LinkState["name"]} link how the connection is now */
  follow(link) {
    if (link === this.#link) {
      return;
    }
    this.#link = link;
    const { name, shared } = this.state;
    if (link === "open") {
      this.#unanswered = 0;
      if (this.wanted) {
        this.#send({ type: "share", ...(shared ? { resume: shared.resume } : {}) });
      }
    } else if (name === "on") {
      this.#become({ name: "interrupted", shared });
    }
  }

  /** @param {SharingAnswer} answer of the server */
  told(answer) {
    if (answer.type === "unshared") {
      if (this.#unanswered > 0) {
        this.#unanswered -= 1;
      } else {
        this.end();
      }
    } else if (this.wanted && this.#unanswered === 0) {
      this.#become({ name: "on", shared: answer });
    }
  }

  /** @param {SharingState} state */
  #become(state) {
    this.state = state;
    this.#changed();
  }
}
