/**
 * The WebSocket to the server: opens it, speaks `videostream.v1`, and opens it again when it is lost.
 *
 * @typedef {import("./protocol.js").Hello} Hello
 * @typedef {import("./protocol.js").InForce} InForce
 * @typedef {import("./protocol.js").Pace} Pace
 * @typedef {import("./protocol.js").Result} Result
 * @typedef {import("./protocol.js").ServerError} ServerError
 * @typedef {import("./protocol.js").SettingsAnswer} SettingsAnswer
 * @typedef {import("./faults.js").Fault} Fault
 * @typedef {{name: "closed" | "connecting" | "open"} | {name: "waiting", fault: Fault, retryIn: number}
 *   | {name: "failed", fault: Fault}} LinkState  retryIn: milliseconds
 * @typedef {object} LinkEvents
 * @property {(state: LinkState) => void} state
 * @property {(hello: Hello) => void} hello
 * @property {(settings: SettingsAnswer) => void} settings now in force, as the answer to the last update
 * @property {(error: ServerError) => void} refused the last update: settings are as they were
 * @property {(pace: Pace) => void} pace
 * @property {(result: Result) => void} result
 * @property {(error: ServerError) => void} error about a frame, or about the session before a close
 * @property {(bytes: number) => void} received
 */
import { Backoff } from "./backoff.js";
import { closeFault, MISUNDERSTOOD } from "./faults.js";
import {
  CloseCode,
  frameMessage,
  ProtocolError,
  parseMessage,
  SUBPROTOCOL,
  settingsMessage,
} from "./protocol.js";

/** From the first byte to the server's hello, milliseconds: a stopped server takes a connection and says nothing. */
const HELLO_TIMEOUT = 8_000;

export class Link {
  #url;
  #on;
  #openSocket;
  #settings;
  #online;
  #backoff;
  /** @type {WebSocket | null} */
  #socket = null;
  #wanted = false;
  #greeted = false;
  #seq = 0;
  /** Updates that the server has not answered. */
  #unanswered = 0;
  /** @type {string | null} of the last error, which explains the close that follows */
  #complaint = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} options
   * @param {string} options.url ws: or wss:
   * @param {LinkEvents} options.on
   * @param {(hello: Hello) => Partial<InForce>} options.settings to ask for, on every new connection
   * @param {(url: string, protocol: string) => WebSocket} [options.openSocket]
   * @param {() => boolean} [options.online] has this device a network?
   * @param {Backoff} [options.backoff]
   */
  constructor({ url, on, settings, openSocket, online, backoff = new Backoff() }) {
    this.#url = url;
    this.#on = on;
    this.#settings = settings;
    this.#openSocket = openSocket ?? ((to, protocol) => new WebSocket(to, protocol));
    this.#online = online ?? (() => navigator.onLine);
    this.#backoff = backoff;
  }

  /** May frames be sent? */
  get ready() {
    return this.#greeted;
  }

  /** Bytes that wait in the socket. */
  get buffered() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  open() {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#backoff.reset();
      this.#connect();
    }
  }

  /** Ends the session as the protocol says: an empty message, then a normal close. */
  close() {
    if (!this.#wanted) {
      return;
    }
    this.#wanted = false;
    this.#greeted = false;
    const socket = this.#abandon();
    if (socket && socket.readyState === socket.OPEN) {
      socket.send(new Uint8Array(0));
    }
    socket?.close(CloseCode.ENDED);
    this.#on.state({ name: "closed" });
  }

  /** The network is back: does not wait for the end of a pause. */
  retryNow() {
    if (this.#wanted && !this.#socket) {
      this.#connect();
    }
  }

  /** The server has been silent for too long: gives this connection up and opens another. */
  restart() {
    if (this.#wanted && this.#socket) {
      this.#abandon()?.close();
      this.#lost(CloseCode.ABNORMAL);
    }
  }

  /** @param {Partial<InForce>} settings asked of the server; nothing happens before its hello */
  update(settings) {
    if (this.#greeted) {
      this.#unanswered += 1;
      this.#socket?.send(settingsMessage(settings));
    }
  }

  /**
   * @param {ArrayBuffer} jpeg
   * @returns {{seq: number, bytes: number}} the frame's number, and the length of the message
   */
  send(jpeg) {
    this.#seq += 1;
    const message = frameMessage(this.#seq, jpeg);
    this.#socket?.send(message);
    return { seq: this.#seq, bytes: message.byteLength };
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#on.state({ name: "connecting" });
    const socket = this.#openSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      this.#abandon();
      this.#lost(code);
    };
    this.#timer = setTimeout(() => this.restart(), HELLO_TIMEOUT);
  }

  /** Nothing that this socket still says is heard. */
  #abandon() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
    }
    this.#socket = null;
    return socket;
  }

  /** @param {number} code */
  #lost(code) {
    const fault = closeFault(code, {
      greeted: this.#greeted,
      online: this.#online(),
      message: this.#complaint,
    });
    this.#greeted = false;
    this.#complaint = null;
    if (!fault.retry) {
      this.#wanted = false;
      this.#on.state({ name: "failed", fault });
      return;
    }
    const retryIn = Math.max(this.#backoff.next(), fault.pause ?? 0);
    this.#timer = setTimeout(() => this.#connect(), retryIn);
    this.#on.state({ name: "waiting", fault, retryIn });
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    this.#on.received(typeof data === "string" ? data.length : data.byteLength);
    try {
      const message = parseMessage(data);
      if (message) {
        this.#heed(message);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#wanted = false;
      this.#greeted = false;
      this.#abandon()?.close();
      this.#on.state({ name: "failed", fault: MISUNDERSTOOD });
    }
  }

  /** @param {import("./protocol.js").Message} message */
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
      case "error":
        return this.#complain(message);
      case "result":
        this.#backoff.reset();
        this.#complaint = null;
        return this.#on.result(message);
    }
  }

  /** @param {Hello} hello */
  #greet(hello) {
    clearTimeout(this.#timer);
    this.#greeted = true;
    this.#seq = 0;
    this.#unanswered = 0;
    this.#on.hello(hello);
    this.#on.state({ name: "open" });
    this.update(this.#settings(hello));
  }

  /** @param {ServerError} error */
  #complain(error) {
    this.#complaint = error.message;
    if (error.seq === undefined && this.#unanswered > 0) {
      this.#unanswered -= 1;
      this.#on.refused(error);
    } else {
      this.#on.error(error);
    }
  }
}
