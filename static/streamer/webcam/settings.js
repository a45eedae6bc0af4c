/**
 * What the user has chosen, remembered from visit to visit.
 *
 * @typedef {import("../shared/protocol.js").Reply} Reply
 * @typedef {import("../shared/protocol.js").InForce} InForce
 * @typedef {"user" | "environment"} Facing  the way a phone's camera looks
 * @typedef {{reply: Reply, detectors: string[] | null, quality: number, width: number,
 *   camera: string | null, facing: Facing | null, selfView: boolean}} Settings
 *   detectors: null until the user has chosen, then those of the server are on;
 *   quality: 30 to 95; width: pixels of the longer side; camera: its deviceId
 */

const KEY = "videostream.settings";

export const WIDTHS = Object.freeze([320, 480, 640, 960, 1280]);
export const QUALITY = Object.freeze({ least: 30, most: 95 });
/** @type {readonly Reply[]} */
export const REPLIES = Object.freeze(["base64", "binary", "results"]);

/** @type {Readonly<Settings>} */
export const DEFAULTS = Object.freeze({
  reply: "base64",
  detectors: null,
  quality: 70,
  width: 640,
  camera: null,
  facing: null,
  selfView: true,
});

/**
 * @param {unknown} stored anything at all: it may come from an older page, or from somebody's hand
 * @returns {Settings} with the default in place of whatever is no good
 */
export function validSettings(stored) {
  const given = /** @type {Record<string, any>} */ (
    typeof stored === "object" && stored !== null ? stored : {}
  );
  const settings = { ...DEFAULTS };
  if (REPLIES.includes(given.reply)) {
    settings.reply = given.reply;
  }
  if (Array.isArray(given.detectors)) {
    settings.detectors = given.detectors.filter((name) => typeof name === "string");
  }
  if (Number.isInteger(given.quality)) {
    settings.quality = Math.min(QUALITY.most, Math.max(QUALITY.least, given.quality));
  }
  if (WIDTHS.includes(given.width)) {
    settings.width = given.width;
  }
  if (typeof given.camera === "string" && given.camera) {
    settings.camera = given.camera;
  }
  if (given.facing === "user" || given.facing === "environment") {
    settings.facing = given.facing;
  }
  if (typeof given.selfView === "boolean") {
    settings.selfView = given.selfView;
  }
  return settings;
}

/**
 * What of it the server is told.
 * @param {Settings} settings
 * @param {readonly string[]} offered detectors that this server has: it refuses to hear of others
 * @returns {Partial<InForce>}
 */
export function serverSettings({ reply, detectors, quality, width }, offered) {
  const told = { reply, quality, width };
  return detectors
    ? { ...told, detectors: detectors.filter((name) => offered.includes(name)) }
    : told;
}

/**
 * @param {() => Storage} storage a function, since only to name localStorage throws where it is switched off
 * @returns {Settings}
 */
export function loadSettings(storage) {
  try {
    return validSettings(JSON.parse(storage().getItem(KEY) ?? "null"));
  } catch {
    return { ...DEFAULTS };
  }
}

/**
 * @param {() => Storage} storage
 * @param {Settings} settings
 */
export function saveSettings(storage, settings) {
  try {
    storage().setItem(KEY, JSON.stringify(settings));
  } catch {
    // Switched off or full: the settings hold until the page is left.
  }
}
