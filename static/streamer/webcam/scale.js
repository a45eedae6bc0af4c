/** Round numbers for the top of a chart's scale; each halves into a round number too. */
const TOPS = [10, 20, 30, 40, 60, 80];

/**
 * @param {number} value the greatest that has to fit
 * @param {number} least the top is this at the least
 * @returns {number} a top a little above it, so that the line does not touch the edge
 */
export function roundTop(value, least) {
  const needed = Math.max(least, value * 1.05);
  const power = 10 ** Math.floor(Math.log10(needed / 10));
  const top = TOPS.find((round) => round * power >= needed) ?? 100;
  return top * power;
}
