/**
 * A stream on the wall: its picture, and beneath it what is to be said of it.
 *
 * @typedef {import("./stream.js").Account} Account
 * @typedef {import("./screen.js").Done} Done
 */
import { write } from "../shared/notice.js";
import { writeName } from "./name.js";
import { Screen } from "./screen.js";
import { rateWords, viewersWords } from "./words.js";

export class Tile {
  #parts;
  /** Has it been within sight, and is it? */
  inView = false;

  /**
   * @param {HTMLTemplateElement} template has one element, in which each part has its own class
   * @param {object} options
   * @param {string} options.name
   * @param {string} options.address of the page that has this one large
   * @param {Done} options.done a picture was shown, or will not be
   */
  constructor(template, { name, address, done }) {
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    /** The item of the list. */
    this.element = /** @type {HTMLElement} */ (copy.firstElementChild);
    this.element.dataset.name = name;
    const part = (/** @type {string} */ kind) =>
      /** @type {HTMLElement} */ (this.element.querySelector(`.${kind}`));
    this.link = /** @type {HTMLAnchorElement} */ (part("name"));
    this.link.href = address;
    writeName(this.link, name);
    this.screen = new Screen(/** @type {HTMLCanvasElement} */ (part("screen")), done);
    this.#parts = {
      picture: part("picture"),
      title: part("veil-title"),
      detail: part("veil-detail"),
      state: part("state"),
      viewers: part("viewers"),
      seen: part("seen"),
      fps: part("fps"),
      age: part("age"),
    };
  }

  /** Of its picture, CSS pixels. */
  get width() {
    return this.#parts.picture.clientWidth;
  }

  /** @param {Account} account */
  show({ state, title, detail, veiled, viewers, fps, age, last, seen }) {
    const parts = this.#parts;
    this.element.dataset.state = state;
    this.element.classList.toggle("veiled", veiled);
    write(parts.title, veiled ? title : "");
    write(parts.detail, veiled ? detail : "");
    write(parts.state, title);
    write(parts.viewers, viewersWords(viewers));
    write(parts.seen, seen || (last && `last picture ${last}`));
    write(parts.fps, fps === null ? "" : `${rateWords(fps)} fps`);
    write(parts.age, age === null ? "" : `${Math.round(age)} ms`);
  }
}
