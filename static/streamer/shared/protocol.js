/**
 * The wire forms of `videostream.v1`, as docs/protocol.md has them. Nothing here touches a socket.
 *
 * @typedef {"base64" | "binary" | "results"} Reply
 * @typedef {{max_bytes: number, max_pixels: number, max_side: number, max_fps: number}} Limits
 *   bytes of a JPEG, pixels of a picture, pixels of a side, frames a second
 * @typedef {{reply: Reply, detectors: string[], quality: number, width: number | null}} InForce
 * @typedef {{type: "hello", limits: Limits, window: number, detectors: string[], settings: InForce}} Hello
 * @typedef {{type: "settings"} & InForce} SettingsAnswer
 * @typedef {{type: "pace", window?: number, fps?: number | null}} Pace
 * @typedef {{type: "error", code: number, message: string, seq?: number, stream?: string}} ServerError
 * @typedef {[number, number, number, number]} Box  x, y, width, height in pixels of the sent frame
 * @typedef {[number, number]} Point
 * @typedef {{label: string, confidence: number, scores?: Record<string, number>}} Emotion
 * @typedef {{id?: number, box: Box, landmarks?: Point[], emotion?: Emotion | null}} Face
 * @typedef {{box: Box, label?: string, confidence?: number}} LabelledBox
 * @typedef {{boxes?: LabelledBox[], data?: Record<string, unknown>}} Custom
 * @typedef {{size: [number, number], motion?: Box[], faces?: Face[]}} Found
 * @typedef {Found & Record<string, unknown>} Detections
 *   `motion` and `faces` as above; any other key is a {@link Custom} of somebody's own detector
 * @typedef {{type: "result", seq: number, dropped: number, ms: Record<string, number>,
 *   detections: Detections, image?: string | Uint8Array<ArrayBuffer>}} Result
 *   `image` is base64 text, the bytes of a JPEG, or absent
 * @typedef {{type: "shared", stream: string, url: string, until: string, viewers: number,
 *   resume: string}} Shared  until: ISO time; resume: keeps name and link after a lost connection
 * @typedef {Shared | {type: "unshared"}} SharingAnswer
 * @typedef {"closed" | "opening" | "live" | "frozen" | "failed" | "ended"} StreamState
 *   closed: nobody watches; frozen: nothing new comes; failed: no camera, tried again by itself;
 *   ended: somebody's webcam that is shared no more
 * @typedef {{type: "state", stream: string, state: StreamState, message: string,
 *   viewers: number}} StateMessage
 * @typedef {{type: "frame", stream: string, seq: number, age_ms: number, detections: Detections,
 *   image: Uint8Array<ArrayBuffer>}} FrameMessage  age_ms: since it was taken, when it was sent
 * @typedef {Hello | SettingsAnswer | Pace | ServerError | Result | SharingAnswer | StateMessage
 *   | FrameMessage} Message
 * @typedef {{width: 320 | 640 | null, fps: number | null}} WatchForm  null: the source's own
 * @typedef {{type: "settings"} & Partial<InForce> | {type: "share", resume?: string}
 *   | {type: "unshare"} | {type: "watch", stream: string} & WatchForm
 *   | {type: "unwatch", stream: string} | {type: "ack", stream: string, seq: number}} ClientMessage
 */

export const SUBPROTOCOL = "videostream.v1";
export const WEBCAM_PATH = "/ws/webcam/";
export const WATCH_PATH = "/ws/watch/";

/** Bytes before the JPEG in a client's frame: its number, u32 little-endian. */
export const FRAME_HEADER = 4;

export const CloseCode = Object.freeze({
  ENDED: 1000,
  ABNORMAL: 1006,
  INTERNAL: 1011,
  BAD_MESSAGE: 4000,
  NOT_READING: 4002,
  BAD_FRAMES: 4003,
  NO_STREAM: 4004,
  BAD_JSON: 4007,
  CREDIT_EXCEEDED: 4008,
  TOO_LARGE: 4009,
  RESTARTING: 4012,
  FULL: 4013,
  TOO_MANY: 4029,
});

/** What the server library may send instead of the server's own code. */
const SAME_AS = Object.freeze({ 1009: CloseCode.TOO_LARGE, 1012: CloseCode.RESTARTING });

const ANSWERS = ["hello", "settings", "pace", "error", "result", "shared", "unshared"];
const TYPES = new Set([...ANSWERS, "state", "frame"]);

/** The other side said something that is not `videostream.v1`. */
export class ProtocolError extends Error {
  name = "ProtocolError";
}

/**
 * @param {number} code of a close event
 * @returns {number} the code of {@link CloseCode} that means the same
 */
export function closeCode(code) {
  return SAME_AS[/** @type {keyof typeof SAME_AS} */ (code)] ?? code;
}

/**
 * @param {number} seq number of the frame, 0 to 2^32 - 1
 * @param {ArrayBuffer} jpeg
 * @returns {Uint8Array<ArrayBuffer>} the message to send
 */
export function frameMessage(seq, jpeg) {
  const message = new Uint8Array(FRAME_HEADER + jpeg.byteLength);
  new DataView(message.buffer).setUint32(0, seq, true);
  message.set(new Uint8Array(jpeg), FRAME_HEADER);
  return message;
}

/**
 * @param {ClientMessage} message
 * @returns {string} the message to send
 */
export function textMessage(message) {
  return JSON.stringify(message);
}

/**
 * @param {Pick<Location, "protocol" | "host">} location of the page
 * @param {string} path of the socket, with its query
 * @returns {string} ws: or wss:
 */
export function socketUrl({ protocol, host }, path) {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`;
}

/**
 * @param {string | ArrayBuffer} data of a message event whose socket has binaryType "arraybuffer"
 * @returns {Message | null} null for a type that this page does not know: a newer server may have more
 * @throws {ProtocolError} when it is not in a form of the protocol
 */
export function parseMessage(data) {
  return typeof data === "string" ? parseJson(data) : parseBinary(data);
}

/**
 * @param {string} text
 * @returns {Message | null}
 */
function parseJson(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    throw new ProtocolError(`expected JSON, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  if (typeof message?.type !== "string") {
    throw new ProtocolError("expected an object with a type");
  }
  if (["result", "frame"].includes(message.type) && !Number.isInteger(message.seq)) {
    throw new ProtocolError(`expected a ${message.type} with a whole seq, got ${message.seq}`);
  }
  if (["state", "frame"].includes(message.type) && typeof message.stream !== "string") {
    throw new ProtocolError(`expected a ${message.type} with its stream, got ${message.stream}`);
  }
  return TYPES.has(message.type) ? message : null;
}

/**
 * @param {ArrayBuffer} buffer u32 little-endian length of the JSON, the JSON, the JPEG
 * @returns {Message | null}
 */
function parseBinary(buffer) {
  if (buffer.byteLength < 4) {
    throw new ProtocolError(`expected a length of 4 bytes, got ${buffer.byteLength} bytes`);
  }
  const end = 4 + new DataView(buffer).getUint32(0, true);
  if (end > buffer.byteLength) {
    throw new ProtocolError(`expected ${end} bytes or more, got ${buffer.byteLength}`);
  }
  const message = parseJson(new TextDecoder().decode(new Uint8Array(buffer, 4, end - 4)));
  if (message?.type === "result" || message?.type === "frame") {
    message.image = new Uint8Array(buffer, end);
  }
  return message;
}
