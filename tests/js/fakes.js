/**
 * Fakes of what only a browser has: WebSocket, camera, <video>, canvas. Each stands in for the part of
 * the real thing that the modules under test use; the real ones are tried in tests/browser/.
 *
 * @typedef {import("../../static/streamer/shared/protocol.js").Hello} Hello
 */

/** @type {Hello} */
export const HELLO = {
  type: "hello",
  limits: { max_bytes: 524288, max_pixels: 2100000, max_side: 2048, max_fps: 30 },
  window: 2,
  detectors: ["motion", "faces", "landmarks", "emotion"],
  settings: { reply: "base64", detectors: ["motion"], quality: 70, width: null },
};

/**
 * @param {number} seq
 * @param {object} [more]
 */
export function resultText(seq, more = {}) {
  const detections = { size: [640, 480] };
  return JSON.stringify({ type: "result", seq, dropped: 0, ms: {}, detections, ...more });
}

export class FakeSocket {
  OPEN = 1;
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";
  /** @type {(string | Uint8Array)[]} */
  sent = [];
  /** @type {number | null} */
  closedWith = null;
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: {data: unknown}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number}) => void) | null} */
  onclose = null;

  /**
   * @param {string} url
   * @param {string} protocol
   */
  constructor(url, protocol) {
    this.url = url;
    this.protocol = protocol;
  }

  /** @param {string | Uint8Array} data */
  send(data) {
    this.sent.push(data);
  }

  /** @param {number} [code] */
  close(code = 1005) {
    this.readyState = 3;
    this.closedWith = code;
  }

  /** The hand-shake is done. */
  opens() {
    this.readyState = 1;
    this.onopen?.();
  }

  /** The server says something. @param {unknown} data */
  says(data) {
    this.readyState = 1;
    this.onmessage?.({
      data: typeof data === "string" || data instanceof ArrayBuffer ? data : JSON.stringify(data),
    });
  }

  /** The connection ends from the other side. @param {number} code */
  ends(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** Text messages that were sent, parsed. */
  get told() {
    return this.sent.flatMap((data) => (typeof data === "string" ? [JSON.parse(data)] : []));
  }

  /** Numbers of the frames that were sent. */
  get frames() {
    return this.sent.flatMap((data) =>
      typeof data === "string" || data.length < 4
        ? []
        : [new DataView(data.buffer).getUint32(0, true)],
    );
  }
}

/** @returns {{sockets: FakeSocket[], openSocket: (url: string, protocol: string) => WebSocket}} */
export function fakeServer() {
  /** @type {FakeSocket[]} */
  const sockets = [];
  return {
    sockets,
    openSocket(url, protocol) {
      const socket = new FakeSocket(url, protocol);
      sockets.push(socket);
      return /** @type {any} */ (socket);
    },
  };
}

export class FakeTrack {
  stopped = false;
  label = "Fake camera";
  /** @type {(() => void) | null} */ onended = null;
  /** @type {(() => void) | null} */ onmute = null;
  /** @type {(() => void) | null} */ onunmute = null;

  /** @param {string} deviceId */
  constructor(deviceId) {
    this.deviceId = deviceId;
  }

  stop() {
    this.stopped = true;
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }

  async applyConstraints() {}
}

/** navigator.mediaDevices with cameras that can be plugged in and out, or refuse. */
export class FakeMedia extends EventTarget {
  /** @type {string[]} ids of the cameras that are plugged in */
  plugged = ["front"];
  /** @type {string | null} name of the error that getUserMedia throws */
  refusal = null;
  /** @type {FakeTrack[]} */
  tracks = [];
  /** @type {any[]} constraints of every call */
  asked = [];
  /** @type {Promise<void>} the user thinks for so long */
  consent = Promise.resolve();

  /** @param {any} constraints */
  async getUserMedia(constraints) {
    this.asked.push(constraints);
    await this.consent;
    const exact = constraints.video.deviceId?.exact;
    const id = exact ?? this.plugged[0];
    const name =
      this.refusal ??
      (this.plugged.length === 0 ? "NotFoundError" : null) ??
      (this.plugged.includes(id) ? null : "OverconstrainedError");
    if (name) {
      throw Object.assign(new Error("fake"), { name });
    }
    const track = new FakeTrack(id);
    this.tracks.push(track);
    return { getTracks: () => [track], getVideoTracks: () => [track] };
  }

  async enumerateDevices() {
    return this.plugged.map((deviceId) => ({ kind: "videoinput", deviceId, label: deviceId }));
  }

  /** @param {string[]} cameras that are there from now on */
  plug(cameras) {
    this.plugged = cameras;
    this.dispatchEvent(new Event("devicechange"));
  }
}

/** navigator.permissions */
export class FakePermissions {
  status = Object.assign(new EventTarget(), { state: "denied" });

  async query() {
    return this.status;
  }

  grant() {
    this.status.state = "granted";
    this.status.dispatchEvent(new Event("change"));
  }
}

export class FakeVideo {
  videoWidth = 640;
  videoHeight = 480;
  srcObject = null;
  /** @type {((now: number, metadata: object) => void)[]} */
  #callbacks = [];

  async play() {}

  /** @param {(now: number, metadata: object) => void} callback */
  requestVideoFrameCallback(callback) {
    this.#callbacks.push(callback);
  }

  /** The camera gives a picture. @param {number} now */
  frame(now) {
    for (const callback of this.#callbacks.splice(0)) {
      callback(now, {});
    }
  }
}

/** An OffscreenCanvas whose JPEG is `bytes` long at full quality and size. */
export class FakeCanvas {
  static bytes = 1_000;
  /** @type {{width: number, height: number, quality: number}[]} */
  static encoded = [];

  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
  }

  getContext() {
    return { drawImage() {} };
  }

  /** @param {{quality: number}} options */
  async convertToBlob({ quality }) {
    FakeCanvas.encoded.push({ width: this.width, height: this.height, quality });
    return new Blob([new Uint8Array(Math.round(FakeCanvas.bytes * quality))]);
  }
}

Object.assign(globalThis, { OffscreenCanvas: FakeCanvas, HTMLCanvasElement: class {} });

/**
 * Time that passes only when it is told to, in place of setTimeout. (node:test's own is experimental in
 * Node 20 and warns.)
 * @param {import("node:test").Context} t whose end brings the real one back
 * @returns {{pass: (milliseconds: number) => void}}
 */
export function fakeTimers(t) {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  /** @type {Map<number, {at: number, run: () => void}>} */
  const timers = new Map();
  let now = 0;
  let last = 0;
  Object.assign(globalThis, {
    setTimeout: (/** @type {() => void} */ run, delay = 0) => {
      last += 1;
      timers.set(last, { at: now + delay, run });
      return last;
    },
    clearTimeout: (/** @type {number} */ id) => timers.delete(id),
  });
  t.after(() => {
    Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
  });
  return {
    pass(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const [next] = [...timers].sort(([, a], [, b]) => a.at - b.at);
        if (!next || next[1].at > end) {
          break;
        }
        timers.delete(next[0]);
        now = next[1].at;
        next[1].run();
      }
      now = end;
    },
  };
}

/** Lets everything that is ready to go on go on. */
export async function settle() {
  for (let turn = 0; turn < 50; turn += 1) {
    await Promise.resolve();
  }
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Puts fakes in the place of Worker.
 * @param {{after(run: () => void): void}} t  the test's own context
 * @returns {any[]} those that were made
 */
export function fakeWorkers(t) {
  /** @type {any[]} */
  const made = [];
  class FakeWorker {
    ended = false;
    onmessage = null;

    constructor() {
      made.push(this);
    }

    terminate() {
      this.ended = true;
    }
  }
  const { Worker: real } = globalThis;
  Object.assign(globalThis, { Worker: FakeWorker });
  t.after(() => {
    Object.assign(globalThis, { Worker: real });
  });
  return made;
}
