/**
 * Shows the pictures of a stream on a canvas. Only the newest is shown.
 *
 * @typedef {import("../shared/protocol.js").FrameMessage} FrameMessage
 * @typedef {{frame: FrameMessage, at: number}} Arrival  at: milliseconds of this page's clock
 * @typedef {(arrival: Arrival, drawn: boolean) => void} Done  not drawn: a newer one, or no JPEG
 */
import { Newest } from "../shared/newest.js";

export class Screen {
  #context;
  #done;
  /** @type {Newest<Arrival>} */
  #newest;
  /** Counts the clearings: what was being decoded before one is not shown after it. */
  #turn = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Done} done is called once for each picture
   */
  constructor(canvas, done) {
    // It takes a decoded picture as it is, without a copy.
    this.#context = /** @type {ImageBitmapRenderingContext} */ (
      canvas.getContext("bitmaprenderer")
    );
    this.#done = done;
    this.#newest = new Newest({
      work: () => this.#draw(),
      lost: (arrival) => done(arrival, false),
    });
  }

  /** @param {Arrival} arrival */
  show(arrival) {
    this.#newest.offer(arrival);
  }

  /** Nothing is shown any more. */
  clear() {
    this.#turn += 1;
    const waiting = this.#newest.take();
    if (waiting) {
      this.#done(waiting, false);
    }
    this.#context.transferFromImageBitmap(null);
  }

  async #draw() {
    const turn = this.#turn;
    const arrival = /** @type {Arrival} */ (this.#newest.take());
    const bitmap = await decode(arrival.frame.image);
    if (bitmap && turn === this.#turn) {
      this.#reshape(bitmap);
      this.#context.transferFromImageBitmap(bitmap);
    } else {
      bitmap?.close();
    }
    this.#done(arrival, bitmap !== null && turn === this.#turn);
  }

  /**
   * The canvas has the picture's shape, or else it would be squeezed.
   * @param {ImageBitmap} bitmap
   */
  #reshape({ width, height }) {
    const { canvas } = this.#context;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} jpeg
 * @returns {Promise<ImageBitmap | null>} null where it is no JPEG after all
 */
async function decode(jpeg) {
  try {
    return await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  } catch {
    return null;
  }
}
