/**
 * What is given up step by step where pictures come late: frames a second, then quality, then width,
 * and at the very end frames again.
 *
 * @typedef {import("./capture.js").Form} Form
 * @typedef {Form & {fps: number | null}} Rung  fps: frames a second at the most; null: as many as come
 * @typedef {"rate" | "form" | "last" | "end"} Stage  what is given up next; end: nothing is left
 * @typedef {{rate: number, form: number}} Position
 */

/** Each about a fifth less than the one before. */
const RATES = [null, 24, 19, 15, 12, 10, 7, 5, 3, 2];
/** With ten a second a face is still followed. Less is given only when all else is. */
const ENOUGH = RATES.indexOf(10);
const QUALITIES = [80, 68, 55, 40];
/** Few and large: with every new size the server learns its background anew. */
const WIDTHS = [960, 640, 480, 320];
/** A step of quality that is smaller than this is not seen. */
const QUALITY_STEP = 8;
/** A limit that is not under the rate by this share changes nothing. */
const TELLING = 0.95;
/** There is much room where pictures of so many times the bytes would be in time. */
const MUCH = 2;
/** A JPEG of half the width has more than a quarter of the bytes: detail does not shrink with it. */
const BYTES_PER_WIDTH = 1.6;
/** Nine more of quality make about a sixth more bytes. */
const BYTES_PER_QUALITY = 0.018;

export class Ladder {
  /** @type {Position} */
  position = { rate: 0, form: 0 };
  /** Smaller pictures are no quicker: they are not given up. */
  keepForm = false;
  /** @type {Form[]} */
  #forms;

  /** @param {Form} ceiling what the user wants */
  constructor(ceiling) {
    this.#forms = formsUnder(ceiling);
  }

  /** @returns {Form} */
  get ceiling() {
    return this.#forms[0];
  }

  /** What to send now. @returns {Rung} */
  get rung() {
    const { rate, form } = this.position;
    return { fps: RATES[rate], ...this.#forms[form] };
  }

  get atTop() {
    return this.position.rate === 0 && this.position.form === 0;
  }

  /** Are there fewer frames than suffice? */
  get isSparse() {
    return this.position.rate > ENOUGH;
  }

  /** @returns {Stage} */
  get stage() {
    const { rate, form } = this.position;
    if (rate < ENOUGH) {
      return "rate";
    }
    if (form < this.#forms.length - 1 && !this.keepForm) {
      return "form";
    }
    return rate < RATES.length - 1 ? "last" : "end";
  }

  /** @param {Form} ceiling other pictures are wanted; as small as they are now they stay */
  limit(ceiling) {
    const { quality, width } = this.rung;
    const given = this.position.form > 0;
    this.#forms = formsUnder(ceiling);
    const alike = this.#forms.findIndex((form) => form.quality <= quality && form.width <= width);
    const form = alike < 0 ? this.#forms.length - 1 : alike;
    this.position = { ...this.position, form: given ? form : 0 };
  }

  /**
   * Gives up more of what is next.
   * @param {number} steps at least one is made, and none beyond the present stage
   * @param {number} rate frames a second that come back now
   * @returns {Stage} what was given up
   */
  down(steps, rate) {
    const { position, stage } = this;
    const made = Math.max(1, steps);
    const telling = this.#telling(rate);
    if (stage === "rate" && telling > ENOUGH) {
      this.position = { ...position, rate: ENOUGH };
      return this.down(steps, rate);
    }
    if (stage === "form") {
      const form = Math.min(position.form + made, this.#forms.length - 1);
      this.position = { ...position, form };
    } else {
      const end = stage === "rate" ? ENOUGH : RATES.length - 1;
      this.position = { ...position, rate: Math.min(telling + made - 1, end) };
    }
    return stage;
  }

  /**
   * What is to be taken back next, if it fits: the last frames, then width and quality, then frames.
   * Two steps at once where there is much room.
   * @param {(growth: number) => boolean} fits is there room for pictures of so many times the bytes?
   * @returns {Position | null} null where nothing fits
   */
  better(fits) {
    const { rate, form } = this.position;
    if (rate <= ENOUGH) {
      const fitting = [form - 2, form - 1].find(
        (index) => index >= 0 && fits(growth(this.#forms[form], this.#forms[index])),
      );
      if (fitting !== undefined) {
        return { rate, form: fitting };
      }
    }
    if (rate === 0 || !fits(1)) {
      return null;
    }
    return { rate: Math.max(0, rate - (fits(MUCH) ? 2 : 1)), form };
  }

  /** @param {number} rate index of the next limit that is felt */
  #telling(rate) {
    const { rate: now } = this.position;
    const next = RATES.findIndex((fps, index) => index > now && (fps ?? rate) < rate * TELLING);
    return next < 0 ? RATES.length : next;
  }
}

/**
 * @param {Form} ceiling
 * @returns {Form[]} from all to least
 */
function formsUnder({ quality, width }) {
  const qualities = [quality, ...QUALITIES.filter((value) => value <= quality - QUALITY_STEP)];
  const least = qualities[qualities.length - 1];
  return [
    ...qualities.map((value) => ({ quality: value, width })),
    ...WIDTHS.filter((value) => value < width).map((value) => ({ quality: least, width: value })),
  ];
}

/**
 * @param {Form} from
 * @param {Form} to
 * @returns {number} about how many times the bytes of one a picture of the other has
 */
export function growth(from, to) {
  const wider = (to.width / from.width) ** BYTES_PER_WIDTH;
  return wider * Math.exp(BYTES_PER_QUALITY * (to.quality - from.quality));
}
