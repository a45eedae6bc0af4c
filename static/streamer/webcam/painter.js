/**
 * Draws detections onto a 2D canvas: the browser's counterpart of the server's overlay.
 *
 * @typedef {import("../shared/protocol.js").Detections} Detections
 * @typedef {import("../shared/protocol.js").Face} Face
 * @typedef {import("../shared/protocol.js").Point} Point
 * @typedef {import("../shared/protocol.js").Box} Box
 * @typedef {import("./geometry.js").View} View
 * @typedef {{context: CanvasRenderingContext2D, view: View, unit: number}} Pen  unit: width of a thin line
 */

import { labelWords } from "../shared/words.js";
import { brackets, hull, PARTS, place, placeBox, union } from "./geometry.js";

const FACE = "#7dffb2";
const FEATURE = "#8fe3ff";
const MOTION = "#ffc857";
const CUSTOM = "#e0a9ff";
/** Beneath every line, so that it shows on a bright picture as well. */
const SHADE = "rgb(0 0 0 / 55%)";

const HULLS = [PARTS.rightBrow, PARTS.leftBrow, PARTS.rightEye, PARTS.leftEye, PARTS.mouth];
const DOTS = [PARTS.jaw, PARTS.nose];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Detections} detections
 * @param {View} view where the picture stands on the canvas
 * @param {number} height of the picture on the canvas, canvas pixels: sets how thick lines and text are
 */
export function paint(context, detections, view, height) {
  const pen = { context, view, unit: Math.max(1.25, height / 320) };
  const { size: _, motion, faces, ...others } = detections;
  const moving = union(motion ?? []);
  if (moving) {
    const box = placeBox(view, moving);
    strokeBoth(pen, MOTION, 1, () => context.rect(...box));
    write(pen, "motion", box, MOTION);
  }
  for (const face of faces ?? []) {
    paintFace(pen, face);
  }
  for (const [name, custom] of Object.entries(others)) {
    const { boxes } = /** @type {import("../shared/protocol.js").Custom} */ (custom ?? {});
    for (const found of boxes ?? []) {
      const box = placeBox(view, found.box);
      paintBrackets(pen, box, CUSTOM);
      write(pen, labelWords(found, name), box, CUSTOM);
    }
  }
}

/**
 * @param {Pen} pen
 * @param {Face} face
 */
function paintFace(pen, face) {
  const box = placeBox(pen.view, face.box);
  const points = face.landmarks?.map((point) => place(pen.view, point));
  if (points?.length === 68) {
    paintLandmarks(pen, points);
  }
  paintBrackets(pen, box, FACE);
  if (face.emotion) {
    write(pen, labelWords(face.emotion, "emotion"), box, FACE);
  }
}

/**
 * @param {Pen} pen
 * @param {Point[]} points 68 of them, on the canvas
 */
function paintLandmarks(pen, points) {
  const { context, unit } = pen;
  for (const [first, last] of HULLS) {
    strokeBoth(pen, FEATURE, 0.9, () => {
      trace(context, hull(points.slice(first, last + 1)));
      context.closePath();
    });
  }
  context.fillStyle = FEATURE;
  context.beginPath();
  for (const [first, last] of DOTS) {
    for (const [x, y] of points.slice(first, last + 1)) {
      context.moveTo(x + unit, y);
      context.arc(x, y, unit, 0, 2 * Math.PI);
    }
  }
  context.fill();
}

/**
 * @param {Pen} pen
 * @param {Box} box on the canvas
 * @param {string} colour
 */
function paintBrackets(pen, box, colour) {
  strokeBoth(pen, colour, 1.7, () => {
    for (const corner of brackets(box)) {
      trace(pen.context, corner);
    }
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point[]} points
 */
function trace(context, points) {
  points.forEach(([x, y], index) => {
    index === 0 ? context.moveTo(x, y) : context.lineTo(x, y);
  });
}

/**
 * @param {Pen} pen
 * @param {string} colour
 * @param {number} weight in units
 * @param {() => void} path
 */
function strokeBoth({ context, unit }, colour, weight, path) {
  context.lineJoin = "round";
  context.lineCap = "round";
  context.beginPath();
  path();
  context.strokeStyle = SHADE;
  context.lineWidth = unit * (weight + 1.4);
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = unit * weight;
  context.stroke();
}

/**
 * A label above a box, or within it where there is no room above; never outside the canvas, never
 * mirrored.
 * @param {Pen} pen
 * @param {string} text
 * @param {Box} box on the canvas
 * @param {string} colour
 */
function write({ context, unit }, text, [x, y], colour) {
  const size = Math.max(12, unit * 9);
  const pad = size * 0.4;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 2 * pad;
  const height = size * 1.6;
  const left = Math.max(0, Math.min(x, context.canvas.width - width));
  const top = y - height - unit * 2 >= 0 ? y - height - unit * 2 : y + unit * 2;
  context.fillStyle = "rgb(8 12 16 / 78%)";
  context.beginPath();
  context.rect(left, top, width, height);
  context.fill();
  context.fillStyle = colour;
  context.fillText(text, left + pad, top + height / 2);
}
