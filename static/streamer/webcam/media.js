/**
 * What browsers want to hear to give a camera.
 *
 * @typedef {import("./settings.js").Facing} Facing
 * @typedef {{deviceId: string | null, facing: Facing | null, width: number}} Choice
 *   width: pixels across that are wished of it
 */

/**
 * Asks the browser for a camera.
 * @param {MediaDevices} media
 * @param {Choice} choice
 * @param {string | null} lost the camera to wait for: no other will do
 * @returns {Promise<MediaStream>}
 * @throws {DOMException} of getUserMedia
 */
export async function ask(media, { deviceId, facing, width }, lost) {
  const wishes = pictureWishes(width);
  const exact = lost || deviceId;
  if (exact) {
    try {
      return await media.getUserMedia({ video: { ...wishes, deviceId: { exact } } });
    } catch (error) {
      // Remembered from another day, and not there today: take any, but not in the middle of a run.
      if (lost || /** @type {DOMException} */ (error).name !== "OverconstrainedError") {
        throw error;
      }
    }
  }
  return await media.getUserMedia({
    video: { ...wishes, facingMode: { ideal: facing ?? "user" } },
  });
}

/**
 * No height: where the camera has another shape, and a turned phone's has, browsers would cut the
 * picture to reach both.
 * @param {number} width
 * @returns {MediaTrackConstraints}
 */
export function pictureWishes(width) {
  return { width: { ideal: width }, frameRate: { ideal: 30 } };
}

/**
 * Turns a camera's light off.
 * @param {MediaStream} stream
 */
export function stopTracks(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.onmute = null;
    track.onunmute = null;
    track.stop();
  }
}

/**
 * Which way does a camera look? Some browsers tell it by the name alone.
 * @param {string | undefined} facingMode
 * @param {string} label
 * @returns {Facing | null}
 */
export function facingOf(facingMode, label) {
  if (facingMode === "user" || facingMode === "environment") {
    return facingMode;
  }
  if (/\b(back|rear|environment)\b/i.test(label)) {
    return "environment";
  }
  return /\b(front|facetime)\b/i.test(label) ? "user" : null;
}
