/**
 * What the page says of itself and of what is seen, as sentences.
 *
 * @typedef {import("./faults.js").Fault} Fault
 * @typedef {"idle" | "asking" | "connecting" | "live" | "quiet" | "waiting" | "camera" | "paused" | "failed"} StateName
 *   camera: running, but the camera is away; waiting: between two tries to reach the server;
 *   quiet: the server owes an answer; failed: stopped, the user has to do something
 * @typedef {{name: StateName, fault?: Fault, retryIn?: number}} State  retryIn: milliseconds
 * @typedef {{fps: number | null, quality: number | null, width: number | null,
 *   slow: import("./answers.js").Slow}} Reduced
 *   what less is sent than the user wants (null: no less), and where most of the time goes
 * @typedef {import("./protocol.js").Detections} Detections
 * @typedef {import("./protocol.js").Custom} Custom
 */

/** @type {Record<Exclude<StateName, "waiting">, string>} */
const STATUS = {
  idle: "Ready when you are",
  asking: "Waiting for the camera. Allow it if the browser asks.",
  connecting: "Connecting to the server …",
  live: "Live",
  quiet: "The server does not answer. Waiting for it …",
  camera: "Waiting for the camera …",
  paused: "Paused while this tab is hidden",
  failed: "Stopped",
};

/** @type {Record<import("./answers.js").Slow, string>} */
const SLOW = {
  network: "The connection is slow.",
  server: "The server is busy.",
  device: "This device is busy.",
};

/** Said where what is seen will stand, as long as nothing is. */
export const PRIVACY = "Pictures go to this server and are not kept.";

/**
 * @param {State} state
 * @returns {string} one line
 */
export function statusWords(state) {
  if (state.name !== "waiting") {
    return STATUS[state.name];
  }
  const seconds = Math.max(1, Math.round((state.retryIn ?? 0) / 1_000));
  return `${state.fault?.title ?? "The server is gone"}. Trying again in ${seconds} s.`;
}

/**
 * @param {Reduced | null} reduced
 * @returns {{why: string, what: string}} such as "The connection is slow." and
 *   "Reduced to 12 frames a second, quality 40, 480 px."; empty where all is sent
 */
export function reducedWords(reduced) {
  if (!reduced) {
    return { why: "", what: "" };
  }
  const { fps, quality, width, slow } = reduced;
  const parts = [
    fps && `${rateText(fps)} a second`,
    quality && `quality ${quality}`,
    width && `${width} px`,
  ];
  return { why: SLOW[slow], what: `Reduced to ${parts.filter(Boolean).join(", ")}.` };
}

/** @param {number} fps */
function rateText(fps) {
  const rate = fps < 9.95 ? Number(fps.toFixed(1)) : Math.round(fps);
  return rate === 1 ? "1 frame" : `${rate} frames`;
}

/**
 * @param {Detections} detections
 * @param {boolean} [confidences] without them it changes less often, which suits a screen reader
 * @returns {string} such as "1 face, happy 87%, motion"
 */
export function seenWords(detections, confidences = true) {
  const { size: _, motion, faces, ...others } = detections;
  const parts = [];
  if (faces?.length) {
    parts.push(faces.length === 1 ? "1 face" : `${faces.length} faces`);
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
  if (parts.length > 0) {
    return parts.join(", ");
  }
  return faces || motion || Object.keys(others).length > 0
    ? "Nothing in sight"
    : "No detector is on";
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
