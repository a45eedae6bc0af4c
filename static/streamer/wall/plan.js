/**
 * The shape of the tiles; which streams are watched, and in which form: what is seen, no larger and no more often than it shows.
 *
 * @typedef {import("../shared/protocol.js").WatchForm} WatchForm
 * @typedef {{name: string, inView: boolean, large: boolean, width: number}} Place
 *   where a stream is shown; width: CSS pixels
 */

import { median } from "../shared/median.js";

/** A picture this much wider than its form, in pixels of the screen, still looks well. */
const STRETCH = 1.25;
/** From so many small pictures on each moves a little less often, and later still less. */
const MANY = 5;
const VERY_MANY = 17;

/**
 * @param {Place[]} places
 * @param {number} density pixels of the screen a CSS pixel
 * @returns {Map<string, WatchForm>} name -> form, of the streams to watch
 */
export function plan(places, density) {
  const seen = places.filter(({ inView, width }) => inView && width > 0);
  return new Map(
    seen.map(({ name, large, width }) => [
      name,
      { width: formWidth(width * density, large), fps: large ? null : rate(seen.length) },
    ]),
  );
}

/**
 * @param {number} pixels of the screen
 * @param {boolean} large only the large one may cost what the source gives
 * @returns {WatchForm["width"]}
 */
function formWidth(pixels, large) {
  if (pixels <= 320 * STRETCH) {
    return 320;
  }
  return pixels <= 640 * STRETCH || !large ? 640 : null;
}

/** @param {number} count of streams that are watched */
function rate(count) {
  if (count >= VERY_MANY) {
    return 8;
  }
  return count >= MANY ? 15 : null;
}

/**
 * @param {([number, number] | null)[]} sizes of pictures, where they are known
 * @returns {number} width to height of all tiles: that of most pictures
 */
export function shape(sizes) {
  const ratios = sizes.flatMap((size) => (size ? [size[0] / size[1]] : []));
  return Math.min(16 / 9, Math.max(1, median(ratios) ?? 4 / 3));
}
