/**
 * What the user has chosen against what the server grants.
 *
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("../shared/protocol.js").InForce} InForce
 */

/** Offered before the server has said what it has. */
const USUAL_DETECTORS = Object.freeze(["motion", "faces", "landmarks", "emotion"]);

export class Choices {
  /** @type {Settings} what a refused change goes back to */
  #agreed;

  /** @param {Settings} settings from the last visit */
  constructor(settings) {
    /** As they are wanted now. */
    this.settings = settings;
    /** Names of the detectors that there are. @type {string[]} */
    this.offered = [...new Set([...USUAL_DETECTORS, ...(settings.detectors ?? [])])];
    /** Names of those that are on. @type {string[]} */
    this.on = settings.detectors ?? this.offered;
    this.#agreed = settings;
  }

  /** @param {Partial<Settings>} changed by the user */
  change(changed) {
    this.settings = { ...this.settings, ...changed };
    this.on = changed.detectors ?? this.on;
  }

  /** @param {{detectors: string[], settings: {detectors: string[]}}} hello */
  hello({ detectors, settings }) {
    this.offered = detectors;
    this.on = (this.settings.detectors ?? settings.detectors).filter((name) =>
      detectors.includes(name),
    );
    this.#agreed = this.settings;
  }

  /**
   * The server grants a change. Who never chose detectors goes on with whatever the server has on.
   * @param {InForce} inForce
   * @returns {string[]} detectors that the user switched off, and that are on all the same
   */
  answered({ reply, detectors, quality }) {
    const asked = this.settings.detectors;
    const before = this.#agreed.detectors ?? this.offered;
    this.settings = { ...this.settings, reply, quality, detectors: asked && detectors };
    this.#agreed = this.settings;
    this.on = detectors;
    return asked ? detectors.filter((name) => before.includes(name) && !asked.includes(name)) : [];
  }

  /** The server refuses a change. */
  refused() {
    const { reply, detectors, quality, width } = this.#agreed;
    this.settings = { ...this.settings, reply, detectors, quality, width };
    this.on = detectors ?? this.offered;
  }
}
