/**
 * What is seen in a picture, as words, and other words that both pages need.
 *
 * @typedef {import("./protocol.js").Detections} Detections
 * @typedef {import("./protocol.js").Custom} Custom
 */

/**
 * @param {Detections} detections
 * @param {boolean} [confidences] without them it changes less often, which suits a screen reader
 * @returns {string} such as "1 face, happy 87%, motion"
 */
export function seenWords(detections, confidences = true) {
  const { size: _, ...found } = detections;
  const { motion, faces, ...others } = found;
  const parts = [];
  if (faces?.length) {
    parts.push(facesWords(faces.length));
    for (const { emotion } of faces) {
      if (emotion) {
        parts.push(labelWords(confidences ? emotion : { label: emotion.label }, "emotion"));
      }
    }
  }
  if (motion?.length) {
    parts.push("motion");
  }
  for (const [name, custom] of Object.entries(others)) {
    const { boxes } = /** @type {Custom} */ (custom ?? {});
    for (const { label, confidence } of boxes ?? []) {
      parts.push(labelWords(confidences ? { label, confidence } : { label }, name));
    }
  }
  return parts.join(", ") || nothingWords(Object.keys(found)) || "No detector is on";
}

/** @param {number} count */
export function facesWords(count) {
  return count === 1 ? "1 face" : `${count} faces`;
}

/**
 * @param {string[]} detectors names of those that look, and find nothing
 * @returns {string} empty where there are none
 */
export function nothingWords(detectors) {
  // Whoever stands still is in sight, and does not move.
  if (detectors.length === 1 && detectors[0] === "motion") {
    return "No motion";
  }
  return detectors.length > 0 ? "Nothing in sight" : "";
}

/**
 * @param {{label?: string, confidence?: number}} found
 * @param {string} name of its detector, where it has no label
 * @returns {string} such as "cup 91%"
 */
export function labelWords({ label, confidence }, name) {
  const what = label || detectorWords(name).toLowerCase();
  return typeof confidence === "number" ? `${what} ${percent(confidence)}` : what;
}

/**
 * @param {string} name of a detector, such as "licence_plates"
 * @returns {string} such as "Licence plates"
 */
export function detectorWords(name) {
  const spaced = name.replaceAll(/[_-]+/g, " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** @param {number} share 0 to 1 */
function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/**
 * @param {string} text
 * @returns {string} the same with a capital at its start and a full stop at its end
 */
export function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const WEEK = 7 * 86_400_000;

/**
 * @param {Date} until
 * @param {Date} now
 * @returns {string} such as "until 18:05", "until Friday 18:05", in local time
 */
export function untilWords(until, now) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const time = `${two(until.getHours())}:${two(until.getMinutes())}`;
  if (until.toDateString() === now.toDateString()) {
    return `until ${time}`;
  }
  const isSoon = until.getTime() - now.getTime() < WEEK - 86_400_000;
  const date = `${until.getFullYear()}-${two(until.getMonth() + 1)}-${two(until.getDate())}`;
  return `until ${isSoon ? DAYS[until.getDay()] : date} ${time}`;
}
