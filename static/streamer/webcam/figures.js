/**
 * The live figures, as text and as charts.
 *
 * @typedef {import("../shared/meter.js").Figures} Values
 * @typedef {Record<keyof Values, HTMLElement>} Elements
 */

import { write } from "../shared/notice.js";
import { Chart } from "./chart.js";
import { reducedWords } from "./status.js";

const NOTHING = "–";

export class Figures {
  #elements;
  #charts;
  #reduced;

  /**
   * @param {Elements} elements
   * @param {{fps: HTMLElement, age: HTMLElement, data: HTMLElement}} roots of the charts
   * @param {{why: HTMLElement, what: HTMLElement}} reduced  why has the role "status"; what does not,
   *   since it may change every second for a while
   */
  constructor(elements, { fps, age, data }, reduced) {
    this.#elements = elements;
    this.#reduced = reduced;
    this.#charts = [
      new Chart({
        root: fps,
        least: 10,
        lines: [
          { name: "sent", colour: "--up", read: ({ fpsUp }) => fpsUp },
          { name: "shown", colour: "--down", read: ({ fpsDown }) => fpsDown },
        ],
      }),
      new Chart({
        root: age,
        least: 50,
        lines: [{ name: "age", colour: "--down", read: (values) => values.age }],
      }),
      new Chart({
        root: data,
        least: 100,
        lines: [
          { name: "up", colour: "--up", read: ({ kbUp }) => kbUp },
          { name: "down", colour: "--down", read: ({ kbDown }) => kbDown },
        ],
      }),
    ];
  }

  /**
   * @param {Values | null} values null while nothing runs
   * @param {import("./status.js").Reduced | null} reduced what less is sent than the user wants
   */
  show(values, reduced) {
    for (const [name, element] of Object.entries(this.#elements)) {
      const value = values?.[/** @type {keyof Values} */ (name)] ?? null;
      write(element, value === null ? NOTHING : figureText(value));
    }
    const { why, what } = reducedWords(reduced);
    write(this.#reduced.why, why);
    write(this.#reduced.what, what);
  }

  /** @param {Values | null} values of this second; null leaves a gap */
  chart(values) {
    for (const chart of this.#charts) {
      chart.add(values);
    }
  }
}

/**
 * @param {number} value 0 or more
 * @returns {string} with a decimal only where it matters
 */
function figureText(value) {
  return value > 0 && value < 9.95 && !Number.isInteger(value)
    ? value.toFixed(1)
    : String(Math.round(value));
}
