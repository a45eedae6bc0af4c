/**
 * All tiles: makes and removes them, and knows which of them are within sight.
 *
 * @typedef {import("./screen.js").Done} Done
 */
import { Tile } from "./tile.js";

/** Pictures come a little before they are scrolled into sight. */
const AHEAD = "80px 0px";

export class Wall {
  #list;
  #template;
  #options;
  #observer;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();

  /**
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template of a tile
   * @param {object} options
   * @param {(name: string) => string} options.address of the page that has this one large
   * @param {Done} options.done a picture was shown, or will not be
   * @param {(name: string) => void} options.opened by a click or a key
   * @param {() => void} options.moved others are within sight now, or they have another size
   */
  constructor(list, template, options) {
    this.#list = list;
    this.#template = template;
    this.#options = options;
    this.#observer = new IntersectionObserver((entries) => this.#moved(entries), {
      rootMargin: AHEAD,
    });
    new ResizeObserver(() => options.moved()).observe(list);
    list.addEventListener("click", (event) => this.#clicked(event));
  }

  /** @param {string[]} names of all streams there are, in their order */
  arrange(names) {
    for (const [name, tile] of this.#tiles) {
      if (!names.includes(name)) {
        this.#observer.unobserve(tile.element);
        tile.element.remove();
        this.#tiles.delete(name);
      }
    }
    names.forEach((name, index) => {
      const { element } = this.#tiles.get(name) ?? this.#add(name);
      // Moved only where it stands wrong, so that the keyboard's focus stays.
      if (this.#list.children[index] !== element) {
        this.#list.insertBefore(element, this.#list.children[index] ?? null);
      }
    });
  }

  /** @param {string} name */
  tile(name) {
    return this.#tiles.get(name);
  }

  /** @param {string} large name of the stream that is shown elsewhere; empty for none */
  setLarge(large) {
    for (const [name, { element }] of this.#tiles) {
      element.hidden = name === large;
    }
  }

  /** @param {number} ratio of the width of the pictures to their height: all tiles are alike */
  setShape(ratio) {
    this.#list.style.setProperty("--shape", ratio.toFixed(3));
  }

  /** @returns {import("./plan.js").Place[]} */
  get places() {
    return [...this.#tiles].map(([name, { inView, width }]) => {
      return { name, inView, large: false, width };
    });
  }

  /** @param {string} name */
  #add(name) {
    const { address, done } = this.#options;
    const tile = new Tile(this.#template, { name, address: address(name), done });
    this.#tiles.set(name, tile);
    this.#observer.observe(tile.element);
    return tile;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #moved(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(/** @type {HTMLElement} */ (target).dataset.name ?? "");
      if (tile) {
        tile.inView = isIntersecting;
      }
    }
    this.#options.moved();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    // With one of these keys the browser opens the link elsewhere, as everywhere.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
      return;
    }
    const element = /** @type {HTMLElement} */ (event.target).closest("li");
    if (element?.dataset.name) {
      event.preventDefault();
      this.#options.opened(element.dataset.name);
    }
  }
}
