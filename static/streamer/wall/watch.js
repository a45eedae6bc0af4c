/**
 * Watches any number of streams over one WebSocket, and all of them again when it was lost.
 *
 * @typedef {import("../shared/connection.js").ConnectionOptions} ConnectionOptions
 * @typedef {import("../shared/faults.js").Fault} Fault
 * @typedef {import("../shared/connection.js").LinkState} LinkState
 * @typedef {import("../shared/protocol.js").FrameMessage} FrameMessage
 * @typedef {import("../shared/protocol.js").Message} Message
 * @typedef {import("../shared/protocol.js").StateMessage} StateMessage
 * @typedef {import("../shared/protocol.js").WatchForm} WatchForm
 * @typedef {{form: WatchForm, begun: boolean, seq: number}} Watched
 *   begun: the server has answered; seq: of the newest picture that came since, 0 for none
 * @typedef {object} WatchEvents
 * @property {(state: LinkState) => void} link
 * @property {(message: StateMessage) => void} state
 * @property {(frame: FrameMessage) => void} frame of a stream that is watched; wants an ack
 * @property {(stream: string, message: string) => void} refused there is no such stream, or not for this visitor
 */
import { Connection } from "../shared/connection.js";
import { textMessage } from "../shared/protocol.js";

/** A server that shows nothing of a live stream for longer is given up, milliseconds. */
const GIVE_UP = 10_000;

export class Watch {
  #on;
  #now;
  #connection;
  /** What is watched, in which form, and the newest picture that came of it. @type {Map<string, Watched>} */
  #watched = new Map();
  /** Names of the streams that are live, as the server has said. @type {Set<string>} */
  #live = new Set();
  /** When the server last said anything. */
  #heard = 0;
  /** Why it is not tried again. @type {Fault | null} */
  #fault = null;

  /** @param {ConnectionOptions & {on: WatchEvents, now: () => number}} options  now: milliseconds */
  constructor({ on, now, ...options }) {
    this.#on = on;
    this.#now = now;
    this.#connection = new Connection({
      ...options,
      on: {
        opened: () => this.#opened(),
        message: (message) => this.#heed(message),
        state: (state) => this.#linkChanged(state),
      },
    });
  }

  /** @param {Map<string, WatchForm>} wanted all that is to be watched from now on */
  want(wanted) {
    for (const name of this.#watched.keys()) {
      if (!wanted.has(name)) {
        this.#forget(name);
        this.#connection.send(textMessage({ type: "unwatch", stream: name }));
      }
    }
    for (const [name, form] of wanted) {
      const watched = this.#watched.get(name);
      if (!watched) {
        this.#watched.set(name, { form, begun: false, seq: 0 });
        this.#ask(name, form);
      } else if (!isSame(watched.form, form)) {
        watched.form = form;
        this.#ask(name, form);
      }
    }
    if (wanted.size === 0) {
      this.#connection.close();
    } else if (!this.#fault) {
      this.#connection.open();
    }
  }

  /** @param {string} name */
  watches(name) {
    return this.#watched.has(name);
  }

  /**
   * A picture is shown, or is not needed any more: the next one may come.
   * @param {FrameMessage} frame
   */
  ack({ stream, seq }) {
    // One from before it was left and watched again is none of what the server waits for now.
    if (seq <= (this.#watched.get(stream)?.seq ?? 0)) {
      this.#connection.send(textMessage({ type: "ack", stream, seq }));
    }
  }

  /** This visitor is known: whom the server turned away before, it may let in with the next wish. */
  admitted() {
    if (this.#fault?.isStranger) {
      this.#fault = null;
    }
  }

  /** The network is back. */
  retryNow() {
    this.#connection.retryNow();
  }

  /** To be called several times a second: silence makes no event of its own. */
  tick() {
    if (this.#live.size > 0 && this.#now() - this.#heard > GIVE_UP) {
      this.#connection.restart();
    }
  }

  #opened() {
    this.#heard = this.#now();
    this.#connection.greet();
    for (const [name, watched] of this.#watched) {
      watched.begun = false;
      watched.seq = 0;
      this.#ask(name, watched.form);
    }
  }

  /**
   * @param {string} name
   * @param {WatchForm} form
   */
  #ask(name, form) {
    this.#connection.send(textMessage({ type: "watch", stream: name, ...form }));
  }

  /** @param {LinkState} state */
  #linkChanged(state) {
    if (state.name === "failed") {
      this.#fault = state.fault;
    }
    if (state.name !== "open") {
      this.#live.clear();
    }
    this.#on.link(state);
  }

  /** @param {Message} message */
  #heed(message) {
    this.#heard = this.#now();
    if (message.type === "error") {
      this.#complain(message);
    } else if (message.type === "state") {
      this.#stateChanged(message);
    } else if (message.type === "frame") {
      this.#arrived(message);
    }
  }

  /** @param {StateMessage} message */
  #stateChanged(message) {
    const { stream, state } = message;
    const watched = this.#watched.get(stream);
    if (!watched) {
      return;
    }
    watched.begun = true;
    this.#connection.settle();
    if (state === "live") {
      this.#live.add(stream);
    } else {
      this.#live.delete(stream);
    }
    if (state === "ended") {
      this.#forget(stream);
    }
    this.#on.state(message);
  }

  /** @param {FrameMessage} frame */
  #arrived(frame) {
    const watched = this.#watched.get(frame.stream);
    // Before the answer, pictures are still of what was watched before.
    if (watched?.begun) {
      watched.seq = frame.seq;
      this.#on.frame(frame);
    }
  }

  /** @param {string} name of a stream that the server does not watch for us any more */
  #forget(name) {
    this.#watched.delete(name);
    this.#live.delete(name);
  }

  /** @param {import("../shared/protocol.js").ServerError} error */
  #complain({ stream, message }) {
    if (stream === undefined) {
      this.#connection.complain(message);
    } else if (this.#watched.has(stream)) {
      this.#forget(stream);
      this.#on.refused(stream, message);
    }
  }
}

/**
 * @param {WatchForm} one
 * @param {WatchForm} other
 */
function isSame(one, other) {
  return one.width === other.width && one.fps === other.fps;
}
