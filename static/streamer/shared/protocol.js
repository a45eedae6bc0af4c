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
 * @typedef {{type: "error", code: number, message: string, seq?: number}} ServerError
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
 * @typedef {Hello | SettingsAnswer | Pace | ServerError | Result} Message
 */

export const SUBPROTOCOL = "videostream.v1";
export const SOCKET_PATH = "/ws/webcam/";

/** Bytes before the JPEG in a client's frame: its number, u32 little-endian. */
export const FRAME_HEADER = 4;

export const CloseCode = Object.freeze({
  ENDED: 1000,
  ABNORMAL: 1006,
  INTERNAL: 1011,
  BAD_MESSAGE: 4000,
  NOT_READING: 4002,
  BAD_FRAMES: 4003,
  BAD_JSON: 4007,
  CREDIT_EXCEEDED: 4008,
  TOO_LARGE: 4009,
  RESTARTING: 4012,
  FULL: 4013,
  TOO_MANY: 4029,
});

/** What the server library may send instead of the server's own code. */
const SAME_AS = Object.freeze({ 1009: CloseCode.TOO_LARGE, 1012: CloseCode.RESTARTING });

const TYPES = new Set(["hello", "settings", "pace", "error", "result"]);

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
 * @param {Partial<InForce>} settings any subset
 * @returns {string} the message to send
 */
export function settingsMessage(settings) {
  return JSON.stringify({ type: "settings", ...settings });
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
  if (message.type === "result" && !Number.isInteger(message.seq)) {
    throw new ProtocolError(`expected a result with a whole seq, got ${message.seq}`);
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
  if (message?.type === "result") {
    message.image = new Uint8Array(buffer, end);
  }
  return message;
}
