/**
 * Charts of the last minute. Each figure has a small chart of its own: three scales in one picture
 * would have to be untangled by the reader.
 *
 * @typedef {import("../shared/meter.js").Figures} Figures
 * @typedef {(figures: Figures) => number | null} Read
 * @typedef {{root: HTMLElement, least: number, lines: {name: string, colour: string, read: Read}[]}} Kind
 *   least: the scale goes up to this at the least; colour: name of a CSS variable
 */
import uPlot from "../../uplot/uPlot.esm.js";
import { roundTop } from "./scale.js";

/** One point a second for a minute. */
const POINTS = 61;
/** Wide enough for three labels beneath it, pixels. */
const ROOMY = 190;
const AXIS_FONT = "11px system-ui, sans-serif";

export class Chart {
  #kind;
  /** @type {(number | null)[][]} of each line, the newest last */
  #values;
  /** @type {uPlot | null} */
  #plot = null;

  /** @param {Kind} kind */
  constructor(kind) {
    this.#kind = kind;
    this.#values = kind.lines.map(() => new Array(POINTS).fill(null));
    new ResizeObserver(() => this.#fit()).observe(kind.root);
    // A canvas does not follow the style sheet; its colours are asked for again.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#build());
    this.#build();
  }

  /** @param {Figures | null} figures of this second; null leaves a gap */
  add(figures) {
    this.#kind.lines.forEach(({ read }, index) => {
      const line = this.#values[index];
      line.shift();
      line.push(figures && read(figures));
    });
    this.#plot?.setData(this.#data);
  }

  /** @returns {uPlot.AlignedData} */
  get #data() {
    const ages = Array.from({ length: POINTS }, (_, index) => index - POINTS + 1);
    return /** @type {uPlot.AlignedData} */ (/** @type {unknown} */ ([ages, ...this.#values]));
  }

  #build() {
    const { root, least, lines } = this.#kind;
    const style = getComputedStyle(root);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--quiet"), font: AXIS_FONT, ticks: { show: false } };
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        ...size(root),
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 18, 0, 0],
        scales: {
          x: { time: false, range: [1 - POINTS, 0] },
          y: { range: (_, __, most) => [0, roundTop(most ?? 0, least)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 27,
            gap: 10,
            splits: ({ width }) => (width < ROOMY ? [-60, 0] : [-60, -30, 0]),
            values: secondsAgo,
          },
          {
            ...axis,
            grid,
            size: 42,
            gap: 6,
            splits: (_, __, least, most) => [least, most / 2, most],
          },
        ],
        series: [
          {},
          ...lines.map(({ name, colour: line }) => ({
            label: name,
            stroke: colour(line),
            width: 2,
            points: { show: false },
          })),
        ],
      },
      this.#data,
      root,
    );
  }

  #fit() {
    this.#plot?.setSize(size(this.#kind.root));
  }
}

/** @param {HTMLElement} root */
function size(root) {
  return { width: Math.max(80, root.clientWidth), height: Math.max(60, root.clientHeight) };
}

/**
 * @param {uPlot} _
 * @param {number[]} splits
 */
function secondsAgo(_, splits) {
  return splits.map((seconds) => (seconds === 0 ? "now" : `${-seconds} s ago`));
}
