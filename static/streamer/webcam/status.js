/**
 * What the page says of itself, as sentences.
 *
 * @typedef {import("../shared/faults.js").Fault} Fault
 * @typedef {"idle" | "asking" | "connecting" | "live" | "quiet" | "waiting" | "camera" | "paused" | "failed"} StateName
 *   camera: running, but the camera is away; waiting: between two tries to reach the server;
 *   quiet: the server owes an answer; failed: stopped, the user has to do something
 * @typedef {{name: StateName, fault?: Fault, retryIn?: number}} State  retryIn: milliseconds
 * @typedef {{fps: number | null, quality: number | null, width: number | null,
 *   slow: import("./answers.js").Slow}} Reduced
 *   what less is sent than the user wants (null: no less), and where most of the time goes
 * @typedef {import("./sharing.js").SharingState} SharingState
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
 * @param {SharingState} state
 * @returns {string} such as "You are shared: 3 viewers"; empty where nothing is
 */
export function sharingWords({ name, shared }) {
  switch (name) {
    case "off":
      return "";
    case "asking":
      return "Sharing begins …";
    case "interrupted":
      return "Sharing is interrupted. It goes on by itself, with the same link.";
    case "on":
      return `You are shared: ${watchersWords(shared.viewers)}`;
  }
}

/**
 * @param {number} viewers
 * @returns {string} a few words, for where `sharingWords` stand beside them
 */
export function sharedWords(viewers) {
  return viewers === 0 ? "Shared" : `Shared: ${watchersWords(viewers)}`;
}

/** @param {number} viewers */
function watchersWords(viewers) {
  if (viewers === 0) {
    return "nobody watches yet";
  }
  return viewers === 1 ? "1 viewer" : `${viewers} viewers`;
}
