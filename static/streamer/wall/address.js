/** The addresses of the wall: all cameras, or one of them large. Whoever came by a link keeps its key. */

export const WALL_PATH = "/streams/";
export const API_PATH = "/api/streams";

/**
 * @param {string} name of the large stream; empty for all
 * @param {string} query of this page
 * @returns {string}
 */
export function pageAddress(name, query) {
  return `${WALL_PATH}${name ? `${encodeURIComponent(name)}/` : ""}${credentials(query)}`;
}

/**
 * @param {string} path of this page
 * @returns {string} name of the large stream; empty where there is none
 */
export function largeName(path) {
  const [, name = ""] = /^\/streams\/([^/]+)\/?$/.exec(path) ?? [];
  return decodeURIComponent(name);
}

/**
 * @param {string} path of a socket or of the API
 * @param {string} query of this page
 * @returns {string} the same with what lets this visitor in
 */
export function withKey(path, query) {
  return `${path}${credentials(query)}`;
}

/**
 * @param {string} query of this page
 * @returns {boolean} did this visitor come by a link for one stream?
 */
export function isByLink(query) {
  return credentials(query) !== "";
}

/** @param {string} query */
function credentials(query) {
  const key = new URLSearchParams(query).get("key");
  return key ? `?${new URLSearchParams({ key })}` : "";
}
