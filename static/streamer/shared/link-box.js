/** Shows a link that lets somebody watch: the address, how long it holds, and a button that copies it. */
import { write } from "./notice.js";
import { untilWords } from "./words.js";

/** So long the button says that it has copied, milliseconds. */
const SAID = 2_500;

export class LinkBox {
  #field;
  #copy;
  #until;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} elements
   * @param {HTMLInputElement} elements.field is read only
   * @param {HTMLButtonElement} elements.copy
   * @param {HTMLElement} elements.until
   */
  constructor({ field, copy, until }) {
    this.#field = field;
    this.#copy = copy;
    this.#until = until;
    field.addEventListener("focus", () => field.select());
    copy.addEventListener("click", () => this.#toClipboard());
  }

  /**
   * @param {string} url with or without the host
   * @param {string} until ISO time
   */
  show(url, until) {
    this.#field.value = new URL(url, location.href).href;
    write(this.#until, `Holds ${untilWords(new Date(until), new Date())}.`);
  }

  async #toClipboard() {
    const done = (await this.#copied()) ? "Copied" : "Press Ctrl+C";
    clearTimeout(this.#timer);
    write(this.#copy, done);
    this.#timer = setTimeout(() => write(this.#copy, "Copy"), SAID);
  }

  async #copied() {
    try {
      await navigator.clipboard.writeText(this.#field.value);
      return true;
    } catch {
      // Only pages on HTTPS or localhost have a clipboard; elsewhere the older way may do.
      this.#field.focus();
      return document.execCommand("copy");
    }
  }
}
