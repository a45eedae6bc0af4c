/**
 * The place where pictures are: its shape, the small view of oneself, full screen.
 *
 * @typedef {import("./words.js").State} State
 */
export class Stage {
  #viewer;
  #stage;
  #button;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.viewer what fills the screen: the stage with its buttons
   * @param {HTMLElement} parts.stage
   * @param {HTMLVideoElement} parts.video
   * @param {HTMLButtonElement} parts.button for full screen
   */
  constructor({ viewer, stage, video, button }) {
    this.#viewer = viewer;
    this.#stage = stage;
    this.#button = button;
    // A turned phone changes the camera's picture, not only the window.
    video.addEventListener("resize", () => this.#reshape(video.videoWidth, video.videoHeight));
    document.addEventListener("fullscreenchange", () => this.#mark());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#filling) {
        this.#fill(false);
      }
    });
  }

  /** @param {State} state */
  setState({ name }) {
    this.#stage.dataset.state = name;
  }

  /** @param {boolean} drawn the local video is the picture */
  setDrawn(drawn) {
    this.#stage.dataset.reply = drawn ? "results" : "picture";
  }

  /** @param {boolean} mirrored show the local video so */
  setMirrored(mirrored) {
    this.#stage.classList.toggle("mirrored", mirrored);
  }

  /** @param {boolean} shown the small view of oneself */
  setSelfView(shown) {
    this.#stage.classList.toggle("without-self", !shown);
  }

  /** Into full screen, or out of it. */
  async toggleFull() {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
    } else if (this.#filling) {
      this.#fill(false);
    } else {
      await this.#enter();
    }
  }

  async #enter() {
    // iPhones have it for videos alone. There the page's window is filled instead.
    if (!document.fullscreenEnabled) {
      this.#fill(true);
      return;
    }
    try {
      await this.#viewer.requestFullscreen();
    } catch {
      // Refused, for instance within a frame that may not.
      this.#fill(true);
    }
  }

  get #filling() {
    return this.#viewer.classList.contains("filling");
  }

  /** @param {boolean} on */
  #fill(on) {
    this.#viewer.classList.toggle("filling", on);
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

  /**
   * The stage takes the camera's shape, before the first picture comes back.
   * @param {number} width
   * @param {number} height
   */
  #reshape(width, height) {
    if (width > 0 && height > 0) {
      this.#stage.style.setProperty("--aspect", String(width / height));
    }
  }
}
