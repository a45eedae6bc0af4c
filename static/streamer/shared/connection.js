/**
 * A WebSocket that speaks `videostream.v1`, and is opened again when it is lost.
 *
 * @typedef {import("./faults.js").Fault} Fault
 * @typedef {import("./protocol.js").Message} Message
 * @typedef {{name: "closed" | "connecting" | "open"} | {name: "waiting", fault: Fault, retryIn: number}
 *   | {name: "failed", fault: Fault}} LinkState  retryIn: milliseconds
 * @typedef {object} ConnectionEvents
 * @property {(state: LinkState) => void} state
 * @property {(message: Message) => void} message of a type that is known
 * @property {() => void} [opened] the hand-shake is done
 * @property {(bytes: number) => void} [received]
 * @typedef {object} ConnectionOptions
 * @property {string} url ws: or wss:
 * @property {(url: string, protocol: string) => WebSocket} [openSocket]
 * @property {() => boolean} [online] has this device a network?
 * @property {Backoff} [backoff]
 */
import { Backoff } from "./backoff.js";
import { closeFault, MISUNDERSTOOD } from "./faults.js";
import { CloseCode, ProtocolError, parseMessage, SUBPROTOCOL } from "./protocol.js";

/** From the first byte until it stands, milliseconds: a stopped server takes a connection and says nothing. */
const GREETING_TIMEOUT = 8_000;

export class Connection {
  #url;
  #on;
  #openSocket;
  #online;
  #backoff;
  /** @type {WebSocket | null} */
  #socket = null;
  #wanted = false;
  #greeted = false;
  /** @type {string | null} of the last error, which explains the close that follows */
  #complaint = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {ConnectionOptions & {on: ConnectionEvents}} options */
  constructor({ url, on, openSocket, online, backoff = new Backoff() }) {
    this.#url = url;
    this.#on = on;
    this.#openSocket = openSocket ?? ((to, protocol) => new WebSocket(to, protocol));
    this.#online = online ?? (() => navigator.onLine);
    this.#backoff = backoff;
  }

  /** May anything be sent? */
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

  /** @param {Uint8Array<ArrayBuffer>} [farewell] the last message before a normal close */
  close(farewell) {
    if (!this.#wanted) {
      return;
    }
    this.#wanted = false;
    this.#greeted = false;
    const socket = this.#abandon();
    if (socket && farewell && socket.readyState === socket.OPEN) {
      socket.send(farewell);
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

  /** @param {string | Uint8Array<ArrayBuffer>} message goes nowhere while nothing stands */
  send(message) {
    if (this.#greeted) {
      this.#socket?.send(message);
    }
  }

  /** To be called when the other side is there, and speaks as is expected: from now on it stands. */
  greet() {
    clearTimeout(this.#timer);
    this.#greeted = true;
    this.#on.state({ name: "open" });
  }

  /** To be called when it does what it is for: the pauses are short ones again. */
  settle() {
    this.#backoff.reset();
    this.#complaint = null;
  }

  /** @param {string} message of the server's error */
  complain(message) {
    this.#complaint = message;
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#on.state({ name: "connecting" });
    const socket = this.#openSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#on.opened?.();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      this.#abandon();
      this.#lost(code);
    };
    this.#timer = setTimeout(() => this.restart(), GREETING_TIMEOUT);
  }

  /** Nothing that this socket still says is heard. */
  #abandon() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket) {
      socket.onopen = null;
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
    this.#on.received?.(typeof data === "string" ? data.length : data.byteLength);
    try {
      const message = parseMessage(data);
      if (message) {
        this.#on.message(message);
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
}
