/**
 * Shows results: pictures in an <img>, detections on a canvas over the local video. Only the newest
 * is shown.
 *
 * @typedef {import("../shared/protocol.js").Result} Result
 * @typedef {{result: Result, captured: number}} Shown
 * @typedef {{shown: (age: number) => void, lost: () => void}} DisplayEvents  age: milliseconds
 */
import { Newest } from "../shared/newest.js";
import { contain } from "./geometry.js";
import { paint } from "./painter.js";

/** More than two canvas pixels a CSS pixel cost time and show nothing. */
const MOST_DENSITY = 2;
const SAVED_QUALITY = 0.92;

export class Display {
  #img;
  #canvas;
  #video;
  #now;
  #on;
  #drawn = false;
  #mirrored = true;
  /** @type {Newest<Shown>} */
  #newest;
  /** @type {Shown | null} */
  #shown = null;
  #url = "";
  /** Counts the clearings: what was being decoded before one is not shown after it. */
  #turn = 0;

  /**
   * @param {object} parts
   * @param {HTMLImageElement} parts.img
   * @param {HTMLCanvasElement} parts.canvas
   * @param {HTMLVideoElement} parts.video
   * @param {() => number} parts.now milliseconds
   * @param {DisplayEvents} parts.on
   */
  constructor({ img, canvas, video, now, on }) {
    this.#img = img;
    this.#canvas = canvas;
    this.#video = video;
    this.#now = now;
    this.#on = on;
    this.#newest = new Newest({
      work: () => (this.#drawn ? this.#draw() : this.#decode()),
      lost: () => on.lost(),
    });
    new ResizeObserver(() => this.#repaint()).observe(canvas);
  }

  /** Is there anything to save? */
  get empty() {
    return this.#shown === null;
  }

  /**
   * @param {boolean} drawn results are drawn here, over the local video
   * @param {boolean} mirrored that video is
   */
  setForm(drawn, mirrored) {
    if (this.#drawn !== drawn) {
      this.#drawn = drawn;
      this.clear();
    }
    this.#mirrored = mirrored;
  }

  /**
   * @param {Result} result
   * @param {number} captured when its frame was taken
   */
  show(result, captured) {
    // After a change of the reply form a few results of the old form are still on their way.
    if ((result.image === undefined) !== this.#drawn) {
      return;
    }
    this.#newest.offer({ result, captured });
  }

  /** Nothing is shown any more. */
  clear() {
    this.#turn += 1;
    this.#newest.take();
    this.#shown = null;
    this.#img.hidden = true;
    this.#img.removeAttribute("src");
    this.#release("");
    this.#canvas.getContext("2d")?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /**
   * What is shown now, as a file.
   * @returns {Promise<Blob | null>} null where nothing is shown
   */
  async snapshot() {
    const image = this.#shown?.result.image;
    if (image !== undefined) {
      return new Blob([toBytes(image)], { type: "image/jpeg" });
    }
    return this.#shown ? await this.#composite(this.#shown.result) : null;
  }

  async #decode() {
    const shown = /** @type {Shown} */ (this.#newest.take());
    const turn = this.#turn;
    const url = imageUrl(/** @type {string | Uint8Array<ArrayBuffer>} */ (shown.result.image));
    this.#img.src = url;
    try {
      await this.#img.decode();
    } catch {
      // No JPEG after all, or the display was cleared meanwhile.
      this.#release(url);
      this.#on.lost();
      return;
    }
    this.#release(url);
    if (turn !== this.#turn) {
      this.#release("");
      return;
    }
    this.#img.hidden = false;
    this.#shown = shown;
    // It is on the screen with the next animation frame; the next picture need not wait for that.
    requestAnimationFrame(() => this.#on.shown(this.#now() - shown.captured));
  }

  async #draw() {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    // Of all that came until this animation frame, the newest.
    this.#shown = this.#newest.take();
    if (this.#shown) {
      this.#repaint();
      this.#on.shown(this.#now() - this.#shown.captured);
    }
  }

  #repaint() {
    const context = this.#canvas.getContext("2d");
    if (!context || !this.#drawn || !this.#shown) {
      return;
    }
    const density = Math.min(devicePixelRatio, MOST_DENSITY);
    const width = Math.round(this.#canvas.clientWidth * density);
    const height = Math.round(this.#canvas.clientHeight * density);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    context.clearRect(0, 0, width, height);
    const { detections } = this.#shown.result;
    const view = contain(detections.size, width, height, this.#mirrored);
    paint(context, detections, view, detections.size[1] * view.scale);
  }

  /**
   * The video as it is seen, mirrored or not, with the detections over it; text is never mirrored.
   * @param {Result} result
   * @returns {Promise<Blob | null>}
   */
  async #composite({ detections }) {
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.save();
    if (this.#mirrored) {
      context.setTransform(-1, 0, 0, 1, canvas.width, 0);
    }
    context.drawImage(this.#video, 0, 0);
    context.restore();
    const view = contain(detections.size, canvas.width, canvas.height, this.#mirrored);
    paint(context, detections, view, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", SAVED_QUALITY));
  }

  /** @param {string} url that is in use now; the one before is not needed any more */
  #release(url) {
    if (this.#url.startsWith("blob:")) {
      URL.revokeObjectURL(this.#url);
    }
    this.#url = url;
  }
}

/** @param {string | Uint8Array<ArrayBuffer>} image base64 text, or bytes */
function imageUrl(image) {
  return typeof image === "string"
    ? `data:image/jpeg;base64,${image}`
    : URL.createObjectURL(new Blob([image], { type: "image/jpeg" }));
}

/** @param {string | Uint8Array<ArrayBuffer>} image */
function toBytes(image) {
  return typeof image === "string"
    ? Uint8Array.from(atob(image), (character) => character.charCodeAt(0))
    : image;
}
