/** Keeps the screen awake. Browsers take the lock away from a hidden page, so it is asked for again. */
export class Wake {
  #wanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#ask());
  }

  hold() {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#ask();
    }
  }

  release() {
    this.#wanted = false;
    this.#drop();
  }

  async #ask() {
    if (!this.#wanted || document.hidden || !("wakeLock" in navigator)) {
      return;
    }
    try {
      this.#drop();
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      // A low battery refuses it. The screen then sleeps as it always does; nothing else depends on it.
      return;
    }
    if (!this.#wanted) {
      this.#drop();
    }
  }

  #drop() {
    this.#lock?.release();
    this.#lock = null;
  }
}
