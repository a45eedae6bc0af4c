/**
 * What is said between the page and the server about one webcam.
 *
 * @typedef {import("../shared/protocol.js").Hello} Hello
 * @typedef {import("../shared/protocol.js").InForce} InForce
 * @typedef {import("../shared/protocol.js").Pace} Pace
 * @typedef {import("../shared/protocol.js").Result} Result
 * @typedef {import("../shared/protocol.js").ServerError} ServerError
 * @typedef {import("../shared/protocol.js").SettingsAnswer} SettingsAnswer
 * @typedef {import("../shared/protocol.js").SharingAnswer} SharingAnswer
 * @typedef {import("../shared/connection.js").ConnectionOptions} ConnectionOptions
 * @typedef {import("../shared/connection.js").LinkState} LinkState
 * @typedef {object} LinkEvents
 * @property {(state: LinkState) => void} state
 * @property {(hello: Hello) => void} hello
 * @property {(settings: SettingsAnswer) => void} settings now in force, as the answer to the last update
 * @property {(error: ServerError) => void} refused the last update: settings are as they were
 * @property {(pace: Pace) => void} pace
 * @property {(result: Result) => void} result
 * @property {(error: ServerError) => void} error about a frame, or about the session before a close
 * @property {(answer: SharingAnswer) => void} shared
 * @property {(bytes: number) => void} received
 */
import { Connection } from "../shared/connection.js";
import { frameMessage, textMessage } from "../shared/protocol.js";

/** An empty message ends the session, as the protocol has it. */
const FAREWELL = new Uint8Array(0);

export class Link {
  #on;
  #settings;
  #connection;
  #seq = 0;
  /** Updates that the server has not answered. */
  #unanswered = 0;

  /**
   * @param {ConnectionOptions & {on: LinkEvents,
   *   settings: (hello: Hello) => Partial<InForce>}} options
   *   settings: to ask for, on every new connection
   */
  constructor({ on, settings, ...options }) {
    this.#on = on;
    this.#settings = settings;
    this.#connection = new Connection({
      ...options,
      on: {
        state: (state) => on.state(state),
        received: (bytes) => on.received(bytes),
        message: (message) => this.#heed(message),
      },
    });
  }

  /** May frames be sent? */
  get ready() {
    return this.#connection.ready;
  }

  /** Bytes that wait in the socket. */
  get buffered() {
    return this.#connection.buffered;
  }

  open() {
    this.#connection.open();
  }

  /** Ends the session as the protocol says. */
  close() {
    this.#connection.close(FAREWELL);
  }

  /** The network is back: does not wait for the end of a pause. */
  retryNow() {
    this.#connection.retryNow();
  }

  /** The server has been silent for too long: gives this connection up and opens another. */
  restart() {
    this.#connection.restart();
  }

  /** @param {Partial<InForce>} settings asked of the server; nothing happens before its hello */
  update(settings) {
    if (this.ready) {
      this.#unanswered += 1;
      this.#connection.send(textMessage({ type: "settings", ...settings }));
    }
  }

  /** @param {import("../shared/protocol.js").ClientMessage} message  goes nowhere before the hello */
  tell(message) {
    this.#connection.send(textMessage(message));
  }

  /**
   * @param {ArrayBuffer} jpeg
   * @returns {{seq: number, bytes: number}} the frame's number, and the length of the message
   */
  send(jpeg) {
    this.#seq += 1;
    const message = frameMessage(this.#seq, jpeg);
    this.#connection.send(message);
    return { seq: this.#seq, bytes: message.byteLength };
  }

  /** @param {import("../shared/protocol.js").Message} message */
  #heed(message) {
    switch (message.type) {
      case "hello":
        return this.#greet(message);
      case "settings":
        this.#unanswered -= 1;
        // An answer to an earlier update would turn back what the user has changed since.
        return this.#unanswered > 0 ? undefined : this.#on.settings(message);
      case "pace":
        return this.#on.pace(message);
      case "shared":
      case "unshared":
        return this.#on.shared(message);
      case "error":
        return this.#complain(message);
      case "result":
        this.#connection.settle();
        return this.#on.result(message);
    }
  }

  /** @param {Hello} hello */
  #greet(hello) {
    this.#seq = 0;
    this.#unanswered = 0;
    this.#on.hello(hello);
    this.#connection.greet();
    this.update(this.#settings(hello));
  }

  /** @param {ServerError} error */
  #complain(error) {
    this.#connection.complain(error.message);
    if (error.seq === undefined && this.#unanswered > 0) {
      this.#unanswered -= 1;
      this.#on.refused(error);
    } else {
      this.#on.error(error);
    }
  }
}
