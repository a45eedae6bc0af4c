/**
 * The form of settings: shows them, and tells what the user changes.
 *
 * @typedef {import("./camera.js").CameraInfo} CameraInfo
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./settings.js").Reply} Reply
 * @typedef {object} Elements
 * @property {HTMLSelectElement} camera
 * @property {HTMLElement} detectors holds one toggle a detector
 * @property {HTMLInputElement[]} replies radio buttons, whose values are the reply forms
 * @property {HTMLInputElement} quality
 * @property {HTMLOutputElement} qualityValue
 * @property {HTMLSelectElement} width
 */

import { detectorWords } from "../shared/words.js";
import { QUALITY, WIDTHS } from "./settings.js";

export class Controls {
  #elements;
  /** @type {string[]} */
  #names = [];
  /** @type {CameraInfo[]} */
  #cameras = [];

  /**
   * @param {Elements} elements
   * @param {(change: Partial<Settings>) => void} onChange
   */
  constructor(elements, onChange) {
    this.#elements = elements;
    const { camera, detectors, replies, quality, qualityValue, width } = elements;
    quality.min = String(QUALITY.least);
    quality.max = String(QUALITY.most);
    width.replaceChildren(...WIDTHS.map((pixels) => new Option(`${pixels} px`, String(pixels))));
    camera.addEventListener("change", () =>
      onChange({ camera: camera.value || null, facing: null }),
    );
    detectors.addEventListener("change", () => onChange({ detectors: this.detectors }));
    for (const radio of replies) {
      radio.addEventListener("change", () =>
        onChange({ reply: /** @type {Reply} */ (radio.value) }),
      );
    }
    quality.addEventListener("input", () => {
      qualityValue.value = quality.value;
    });
    // Only when it is let go: every step on the way would be a message to the server.
    quality.addEventListener("change", () => onChange({ quality: quality.valueAsNumber }));
    width.addEventListener("change", () => onChange({ width: Number(width.value) }));
  }

  /** Names of the detectors that are on, in the server's order. */
  get detectors() {
    return this.#names.filter((name) => this.#toggle(name)?.checked);
  }

  /** @param {Settings} settings all but the detectors and the camera */
  show({ reply, quality, width }) {
    for (const radio of this.#elements.replies) {
      radio.checked = radio.value === reply;
    }
    this.#elements.quality.value = String(quality);
    this.#elements.qualityValue.value = String(quality);
    this.#elements.width.value = String(width);
  }

  /**
   * @param {string[]} names of all there are
   * @param {string[]} on of those that are on
   */
  showDetectors(names, on) {
    // Made anew only when they are others, so that the keyboard's focus stays.
    if (names.join() !== this.#names.join()) {
      this.#names = names;
      this.#elements.detectors.replaceChildren(...names.map(makeToggle));
    }
    for (const name of names) {
      const toggle = this.#toggle(name);
      if (toggle) {
        toggle.checked = on.includes(name);
      }
    }
  }

  /**
   * @param {CameraInfo[]} cameras
   * @param {string | null} current deviceId
   */
  showCameras(cameras, current) {
    this.#cameras = cameras.filter(({ deviceId }) => deviceId);
    const options = this.#cameras.map(
      ({ deviceId, label }, index) => new Option(label || `Camera ${index + 1}`, deviceId),
    );
    // Before permission browsers hide the names, so there is nothing to choose from yet.
    this.#elements.camera.disabled = options.length === 0;
    this.#elements.camera.replaceChildren(
      ...(options.length > 0 ? options : [new Option("The browser's first camera", "")]),
    );
    this.#elements.camera.value = current ?? "";
    if (this.#elements.camera.selectedIndex < 0) {
      this.#elements.camera.selectedIndex = 0;
    }
  }

  /** Is there another camera to switch to? */
  get canSwitch() {
    return this.#cameras.length > 1;
  }

  /**
   * The other side of a phone, or else the next camera in the list.
   * @param {CameraInfo | null} current
   * @returns {Pick<Settings, "camera" | "facing">}
   */
  otherCamera(current) {
    if (current?.facing) {
      return { camera: null, facing: current.facing === "user" ? "environment" : "user" };
    }
    const index = this.#cameras.findIndex(({ deviceId }) => deviceId === current?.deviceId);
    const next = this.#cameras[(index + 1) % this.#cameras.length];
    return { camera: next?.deviceId ?? null, facing: null };
  }

  /** @param {string} name */
  #toggle(name) {
    const inputs = this.#elements.detectors.querySelectorAll("input");
    return [...inputs].find(({ value }) => value === name);
  }
}

/** @param {string} name of a detector */
function makeToggle(name) {
  const input = document.createElement("input");
  input.type = "checkbox";
  input.value = name;
  input.name = "detector";
  input.setAttribute("role", "switch");
  const text = document.createElement("span");
  text.textContent = detectorWords(name);
  const label = document.createElement("label");
  label.className = "toggle";
  label.append(text, input);
  return label;
}
