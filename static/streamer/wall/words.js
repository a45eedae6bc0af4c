/**
 * What is said of a stream.
 *
 * @typedef {import("../shared/protocol.js").StreamState} StreamState
 * @typedef {StreamState | "lost" | "stopped" | "gone"} ShownState
 *   lost: the server is away; stopped: it is there, but not for this visitor or this page;
 *   gone: there is no such stream, or not for this visitor
 * @typedef {{title: string, detail: string}} StateWords
 */
import { detectorWords, facesWords, nothingWords, sentence } from "../shared/words.js";

/** @type {Record<ShownState, StateWords>} */
const STATES = {
  closed: { title: "Closed", detail: "It opens as soon as somebody watches." },
  opening: { title: "Opening …", detail: "Waiting for the first picture." },
  live: { title: "Live", detail: "" },
  frozen: { title: "Frozen", detail: "Nothing new comes from the camera. Waiting for it." },
  failed: { title: "No picture", detail: "No answer from the camera. Trying again." },
  ended: { title: "Ended", detail: "It is not shared any more." },
  lost: { title: "Waiting for the server …", detail: "It goes on by itself." },
  stopped: { title: "Stopped", detail: "" },
  gone: { title: "Not there", detail: "There is no such camera, or it is not for you." },
};

/**
 * @param {ShownState} state
 * @param {string} [message] of the server, which tells more
 * @returns {StateWords}
 */
export function stateWords(state, message = "") {
  const { title, detail } = STATES[state];
  return { title, detail: message && state !== "live" ? sentence(message) : detail };
}

/** @param {number} count */
export function viewersWords(count) {
  return count === 0 ? "nobody watching" : `${count} watching`;
}

/**
 * @param {Record<string, boolean | number> | null} seen detector -> is it so, or how many
 * @returns {string} such as "Motion, 2 faces"; empty where nothing is known
 */
export function countsWords(seen) {
  const parts = Object.entries(seen ?? {}).flatMap(([name, found]) => {
    if (!found) {
      return [];
    }
    const what = detectorWords(name).toLowerCase();
    if (name === "faces") {
      return [facesWords(Number(found))];
    }
    return [typeof found === "number" ? `${what} ${found}` : what];
  });
  return parts.join(", ") || nothingWords(Object.keys(seen ?? {}));
}

/**
 * How old a picture that stands still is.
 * @param {number} age milliseconds
 * @returns {string} such as "12 s ago"
 */
export function agoWords(age) {
  const seconds = Math.max(1, Math.round(age / 1_000));
  if (seconds < 90) {
    return `${seconds} s ago`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** @param {number | null} fps frames a second */
export function rateWords(fps) {
  return fps === null ? "–" : fps.toFixed(fps < 9.95 ? 1 : 0);
}

/**
 * @param {ShownState[]} states of all streams
 * @returns {string} such as "8 cameras, 1 without a picture"
 */
export function wallWords(states) {
  // How many are live is how many are within sight: the others are closed, and nothing is wrong with them.
  const bad = states.filter((state) => state === "failed" || state === "frozen").length;
  const all = states.length === 1 ? "1 camera" : `${states.length} cameras`;
  return bad > 0 ? `${all}, ${bad} without a picture` : all;
}

/**
 * @param {Map<string, {state: ShownState, title: string}>} accounts name -> what it does
 * @returns {string} such as "porch: no picture. garden: frozen."; empty where all is well
 */
export function troubleWords(accounts) {
  return [...accounts]
    .filter(([, { state }]) => state === "failed" || state === "frozen" || state === "ended")
    .map(([name, { title }]) => `${name}: ${title.toLowerCase()}.`)
    .join(" ");
}
