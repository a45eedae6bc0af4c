/**
 * Takes the newest picture of a video as JPEG.
 *
 * @typedef {import("../shared/protocol.js").Limits} Limits
 * @typedef {{quality: number, width: number}} Form  quality 1 to 100; width: pixels of the longer side
 * @typedef {{jpeg: ArrayBuffer, captured: number}} Frame
 *   captured: when the camera took it, on the clock of performance.now()
 */

import { FRAME_HEADER } from "../shared/protocol.js";
import { sendSize } from "./geometry.js";

/** How often a picture that is too many bytes is tried again, each time smaller and coarser. */
const TRIES = 4;
const COARSER = 0.7;
const SMALLER = 0.85;
/** A capture time further back than this is of another clock, milliseconds. */
const LONGEST_DELAY = 1_000;

export class Capture {
  #video;
  #onFrame;
  #canvas = makeCanvas();
  #context;
  /** When the picture that the video shows now was taken; null once it has been grabbed. @type {number | null} */
  #captured = null;
  #running = false;
  /** Counts the starts: a callback from before a stop must not go on beside the new one. */
  #turn = 0;
  #lastTime = -1;
  /** @type {Worker | null} tells the time while the page is hidden */
  #ticker = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} onFrame the camera has given a new picture
   */
  constructor(video, onFrame) {
    this.#video = video;
    this.#onFrame = onFrame;
    // Every picture is read back, so one that lives in the processor's memory is the quick one.
    this.#context = /** @type {CanvasRenderingContext2D} */ (
      this.#canvas.getContext("2d", { alpha: false, willReadFrequently: true })
    );
  }

  /** Is there a picture that has not been grabbed yet? */
  get fresh() {
    return this.#captured !== null && this.#video.videoWidth > 0;
  }

  start() {
    if (!this.#running) {
      this.#running = true;
      this.#turn += 1;
      this.#await(this.#turn);
    }
  }

  stop() {
    this.#running = false;
    this.#captured = null;
  }

  /**
   * A hidden page is told of no new picture, and takes one whenever its clock ticks.
   * @param {boolean} hidden
   */
  hide(hidden) {
    if (!hidden) {
      this.#ticker?.terminate();
      this.#ticker = null;
    } else if (!this.#ticker) {
      this.#ticker = new Worker(new URL("./ticker.js", import.meta.url), { type: "module" });
      this.#ticker.onmessage = () => this.#tick();
    }
  }

  #tick() {
    if (this.#running) {
      this.#captured = performance.now();
      this.#onFrame();
    }
  }

  /**
   * @param {Form} form
   * @param {Limits} limits of the server
   * @returns {Promise<Frame | null>} null where there is no new picture, or none within max_bytes
   */
  async grab({ quality, width }, limits) {
    const captured = this.#captured;
    const { videoWidth, videoHeight } = this.#video;
    if (captured === null || videoWidth === 0) {
      return null;
    }
    this.#captured = null;
    let longest = width;
    let share = quality / 100;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const size = sendSize(videoWidth, videoHeight, {
        longest,
        maxSide: limits.max_side,
        maxPixels: limits.max_pixels,
      });
      const blob = await this.#encode(size, share);
      if (blob && blob.size + FRAME_HEADER <= limits.max_bytes) {
        return { jpeg: await blob.arrayBuffer(), captured };
      }
      share *= COARSER;
      longest = Math.max(size.width, size.height) * SMALLER;
    }
    return null;
  }

  /**
   * @param {{width: number, height: number}} size
   * @param {number} share quality, 0 to 1
   * @returns {Promise<Blob | null>}
   */
  async #encode({ width, height }, share) {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.#context.drawImage(this.#video, 0, 0, width, height);
    if (canvas instanceof HTMLCanvasElement) {
      return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", share));
    }
    return await canvas.convertToBlob({ type: "image/jpeg", quality: share });
  }

  /** @param {number} turn */
  #await(turn) {
    if ("requestVideoFrameCallback" in this.#video) {
      this.#video.requestVideoFrameCallback((now, metadata) => {
        this.#take(captureTime(now, metadata.captureTime), turn);
      });
    } else {
      requestAnimationFrame((now) => this.#poll(now, turn));
    }
  }

  /**
   * @param {number} captured
   * @param {number} turn
   */
  #take(captured, turn) {
    if (this.#running && turn === this.#turn) {
      this.#captured = captured;
      this.#await(turn);
      this.#onFrame();
    }
  }

  /**
   * For browsers that do not tell of a new picture: its time has moved on.
   * @param {number} now
   * @param {number} turn
   */
  #poll(now, turn) {
    const time = this.#video.currentTime;
    if (time !== this.#lastTime) {
      this.#lastTime = time;
      this.#take(now, turn);
    } else if (this.#running && turn === this.#turn) {
      this.#await(turn);
    }
  }
}

/**
 * @param {number} now when the picture came to us
 * @param {number | undefined} captured what the browser says; some say nothing, some use another clock
 * @returns {number}
 */
export function captureTime(now, captured) {
  const plausible = captured !== undefined && captured <= now && captured > now - LONGEST_DELAY;
  return plausible ? captured : now;
}

function makeCanvas() {
  return "OffscreenCanvas" in globalThis
    ? new OffscreenCanvas(1, 1)
    : document.createElement("canvas");
}
