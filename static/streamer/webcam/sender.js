/**
 * Sends the camera's newest picture whenever one may go: a picture waits for its turn only in the
 * camera, so nothing queues here.
 *
 * @typedef {import("./capture.js").Capture} Capture
 * @typedef {import("./capture.js").Form} Form
 * @typedef {import("./link.js").Link} Link
 * @typedef {import("../shared/meter.js").Meter} Meter
 * @typedef {import("./pacing.js").Pacer} Pacer
 * @typedef {import("../shared/protocol.js").Limits} Limits
 */
export class Sender {
  #capture;
  #link;
  #pacer;
  #meter;
  #form;
  #now;
  #encoding = false;
  /** @type {Limits | null} */
  #limits = null;

  /**
   * @param {object} parts
   * @param {Pick<Capture, "fresh" | "grab">} parts.capture
   * @param {Pick<Link, "ready" | "buffered" | "send">} parts.link
   * @param {Pacer} parts.pacer
   * @param {Pick<Meter, "sent" | "lost">} parts.meter
   * @param {() => Form} parts.form of the next picture: what adapts quality and width answers here
   * @param {() => number} parts.now milliseconds
   */
  constructor({ capture, link, pacer, meter, form, now }) {
    this.#capture = capture;
    this.#link = link;
    this.#pacer = pacer;
    this.#meter = meter;
    this.#form = form;
    this.#now = now;
  }

  /** @param {Limits} limits of the server that has just said hello */
  open(limits) {
    this.#limits = limits;
  }

  /**
   * There is a new picture, or new credit: sends if both are there. A picture that comes before its time
   * is left out: if it waited for it, so would every one that follows.
   */
  async pump() {
    while (this.#mayEncode()) {
      this.#encoding = true;
      try {
        await this.#sendOne(/** @type {Limits} */ (this.#limits));
      } finally {
        this.#encoding = false;
      }
    }
  }

  #mayEncode() {
    return (
      !this.#encoding &&
      this.#limits !== null &&
      this.#link.ready &&
      this.#capture.fresh &&
      this.#pacer.wait(this.#now(), this.#link.buffered) === 0
    );
  }

  /** @param {Limits} limits */
  async #sendOne(limits) {
    const frame = await this.#capture.grab(this.#form(), limits);
    // The connection may have gone while the picture was being encoded.
    if (!frame || !this.#link.ready) {
      this.#meter.lost();
      return;
    }
    const { seq, bytes } = this.#link.send(frame.jpeg);
    this.#pacer.sent(seq, frame.captured, this.#now());
    this.#meter.sent(bytes);
  }
}
