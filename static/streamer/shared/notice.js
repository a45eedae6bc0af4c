/**
 * What the page has to say on the stage: a notice that stays until it is mended, and remarks that go
 * by themselves.
 *
 * @typedef {import("./faults.js").Fault} Fault
 */

/** A remark of a dozen words is read in this time, milliseconds. */
const REMARK_TIME = 6_000;

export class Notice {
  #root;
  #title;
  #remedy;

  /**
   * @param {{root: HTMLElement, title: HTMLElement, remedy: HTMLElement}} elements
   *   root has the role "alert"
   */
  constructor({ root, title, remedy }) {
    this.#root = root;
    this.#title = title;
    this.#remedy = remedy;
  }

  /** @param {Fault | null} fault null takes the notice away */
  show(fault) {
    this.#root.classList.toggle("shown", fault !== null);
    // Written only when it is another: an alert is read out with every write.
    write(this.#title, fault?.title ?? "");
    write(this.#remedy, fault?.remedy ?? "");
  }
}

export class Remark {
  #element;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} element with the role "status" */
  constructor(element) {
    this.#element = element;
  }

  /** @param {string} text */
  say(text) {
    clearTimeout(this.#timer);
    write(this.#element, text);
    this.#timer = setTimeout(() => write(this.#element, ""), REMARK_TIME);
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
