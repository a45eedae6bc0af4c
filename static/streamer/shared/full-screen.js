/** Full screen, by the browser or, where it cannot, by filling the window. */
export class FullScreen {
  #root;
  #button;

  /**
   * @param {HTMLElement} root what fills the screen
   * @param {HTMLButtonElement} button has the class "on" and another name meanwhile
   */
  constructor(root, button) {
    this.#root = root;
    this.#button = button;
    button.addEventListener("click", () => this.#toggle());
    document.addEventListener("fullscreenchange", () => this.#mark());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#filling) {
        this.#fill(false);
        // It means this, and nothing else that listens for it.
        event.preventDefault();
      }
    });
  }

  /** Out of it, if it is on. */
  leave() {
    if (document.fullscreenElement) {
      document.exitFullscreen();
    } else if (this.#filling) {
      this.#fill(false);
    }
  }

  async #toggle() {
    if (document.fullscreenElement || this.#filling) {
      this.leave();
      return;
    }
    // iPhones have it for videos alone. There the page's window is filled instead.
    if (!document.fullscreenEnabled) {
      this.#fill(true);
      return;
    }
    try {
      await this.#root.requestFullscreen();
    } catch {
      // Refused, for instance within a frame that may not.
      this.#fill(true);
    }
  }

  get #filling() {
    return this.#root.classList.contains("filling");
  }

  /** @param {boolean} on */
  #fill(on) {
    this.#root.classList.toggle("filling", on);
    document.documentElement.classList.toggle("filled", on);
    this.#mark();
  }

  #mark() {
    const full = document.fullscreenElement !== null || this.#filling;
    const label = full ? "Leave full screen" : "Full screen";
    this.#button.setAttribute("aria-label", label);
    this.#button.title = label;
    this.#button.classList.toggle("on", full);
  }
}
