/**
 * The place where pictures are: its shape, and the small view of oneself.
 *
 * @typedef {import("./status.js").State} State
 */
export class Stage {
  #stage;

  /**
   * @param {HTMLElement} stage
   * @param {HTMLVideoElement} video
   */
  constructor(stage, video) {
    this.#stage = stage;
    // A turned phone changes the camera's picture, not only the window.
    video.addEventListener("resize", () => this.#reshape(video.videoWidth, video.videoHeight));
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
