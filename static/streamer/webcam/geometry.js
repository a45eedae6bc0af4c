/**
 * Sizes and shapes; nothing here draws.
 *
 * @typedef {import("../shared/protocol.js").Point} Point
 * @typedef {import("../shared/protocol.js").Box} Box
 * @typedef {{x: number, y: number, scale: number, width: number, mirrored: boolean}} View
 *   where a picture stands on a canvas: its top left corner, canvas pixels a picture pixel, its
 *   own width, and whether left and right are exchanged
 */

/** The 68 points, as iBUG numbers them. Left is the subject's left. [first, last] */
export const PARTS = Object.freeze({
  jaw: [0, 16],
  rightBrow: [17, 21],
  leftBrow: [22, 26],
  nose: [27, 35],
  rightEye: [36, 41],
  leftEye: [42, 47],
  mouth: [48, 59],
  innerMouth: [60, 67],
});

/**
 * The size to send: never larger than the camera's, and within every limit.
 * @param {number} width of the camera's picture, pixels
 * @param {number} height
 * @param {{longest: number, maxSide: number, maxPixels: number}} limits
 *   longest: pixels of the longer side, so that a turned phone sends as much as before
 * @returns {{width: number, height: number}} same shape to the pixel
 */
export function sendSize(width, height, { longest, maxSide, maxPixels }) {
  const scale = Math.min(
    1,
    Math.min(longest, maxSide) / Math.max(width, height),
    Math.sqrt(maxPixels / (width * height)),
  );
  // Floor: rounding up could pass the limit by a row.
  return {
    width: Math.max(1, Math.floor(width * scale + 1e-6)),
    height: Math.max(1, Math.floor(height * scale + 1e-6)),
  };
}

/**
 * A picture within a canvas, as CSS's `object-fit: contain` places it.
 * @param {[number, number]} size of the picture
 * @param {number} width of the canvas
 * @param {number} height
 * @param {boolean} mirrored
 * @returns {View}
 */
export function contain([pictureWidth, pictureHeight], width, height, mirrored) {
  const scale = Math.min(width / pictureWidth, height / pictureHeight);
  return {
    x: (width - pictureWidth * scale) / 2,
    y: (height - pictureHeight * scale) / 2,
    scale,
    width: pictureWidth,
    mirrored,
  };
}

/**
 * @param {View} view
 * @param {Point} point in the picture
 * @returns {Point} on the canvas
 */
export function place(view, [x, y]) {
  return [view.x + (view.mirrored ? view.width - x : x) * view.scale, view.y + y * view.scale];
}

/**
 * @param {View} view
 * @param {Box} box in the picture
 * @returns {Box} on the canvas
 */
export function placeBox(view, [x, y, w, h]) {
  const [left, top] = place(view, [view.mirrored ? x + w : x, y]);
  return [left, top, w * view.scale, h * view.scale];
}

/**
 * @param {Box[]} boxes
 * @returns {Box | null} the smallest box around all of them; null for none
 */
export function union(boxes) {
  if (boxes.length === 0) {
    return null;
  }
  const left = Math.min(...boxes.map(([x]) => x));
  const top = Math.min(...boxes.map(([, y]) => y));
  const right = Math.max(...boxes.map(([x, , w]) => x + w));
  const bottom = Math.max(...boxes.map(([, y, , h]) => y + h));
  return [left, top, right - left, bottom - top];
}

/**
 * The four corners of a box, each as three points: arm, corner, arm.
 * @param {Box} box
 * @param {number} [share] of the shorter side that an arm takes
 * @returns {[Point, Point, Point][]}
 */
export function brackets([x, y, w, h], share = 0.22) {
  const arm = Math.min(w, h) * share;
  /** @type {[number, number, number, number][]} corner, and which way its arms go */
  const corners = [
    [x, y, 1, 1],
    [x + w, y, -1, 1],
    [x + w, y + h, -1, -1],
    [x, y + h, 1, -1],
  ];
  return corners.map(([cx, cy, right, down]) => [
    [cx + arm * right, cy],
    [cx, cy],
    [cx, cy + arm * down],
  ]);
}

/**
 * Convex hull, by Andrew's monotone chain (1979).
 * @param {Point[]} points
 * @returns {Point[]} in order around; as they came where there are fewer than three
 */
export function hull(points) {
  if (points.length < 3) {
    return points;
  }
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return [...chain(sorted), ...chain(sorted.reverse())];
}

/**
 * One half of the hull, without its last point, which begins the other half.
 * @param {Point[]} points sorted
 */
function chain(points) {
  /** @type {Point[]} */
  const half = [];
  for (const point of points) {
    while (half.length >= 2 && turn(half[half.length - 2], half[half.length - 1], point) <= 0) {
      half.pop();
    }
    half.push(point);
  }
  half.pop();
  return half;
}

/**
 * @param {Point} a
 * @param {Point} b
 * @param {Point} c
 * @returns {number} over 0 when the way a, b, c turns one way, under 0 the other, 0 straight on
 */
function turn(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}
