import assert from "node:assert/strict";
import { test } from "node:test";
import { plan, shape } from "../../static/streamer/wall/plan.js";

/**
 * @param {number} count
 * @param {object} [more]
 */
function tiles(count, more = {}) {
  return Array.from({ length: count }, (_, index) => {
    return { name: `tile ${index}`, inView: true, large: false, width: 300, ...more };
  });
}

test("What is out of sight is not watched.", () => {
  const [seen, unseen] = [tiles(1)[0], { ...tiles(2)[1], inView: false }];
  assert.deepEqual([...plan([seen, unseen], 1).keys()], ["tile 0"]);
  assert.equal(plan(tiles(3, { width: 0 }), 1).size, 0);
});

test("Small pictures come small, the larger the screen's pixels ask for it the larger.", () => {
  const width = (/** @type {number} */ css, /** @type {number} */ density, large = false) =>
    plan(tiles(1, { width: css, large }), density).get("tile 0")?.width;
  assert.equal(width(300, 1), 320);
  assert.equal(width(400, 1), 320);
  assert.equal(width(401, 1), 640);
  assert.equal(width(358, 3), 640);
  assert.equal(width(150, 2), 320);
  assert.equal(width(700, 1, true), 640);
  assert.equal(width(990, 1, true), null);
});

test("The more there are, the less often each moves; the large one always moves as it can.", () => {
  const rates = (/** @type {number} */ count) => new Set(fps(plan(tiles(count), 1)));
  assert.deepEqual(rates(4), new Set([null]));
  assert.deepEqual(rates(5), new Set([15]));
  assert.deepEqual(rates(16), new Set([15]));
  assert.deepEqual(rates(17), new Set([8]));
  const large = { ...tiles(1)[0], name: "large", large: true };
  assert.equal(plan([...tiles(9), large], 1).get("large")?.fps, null);
});

/** @param {ReturnType<typeof plan>} planned */
function fps(planned) {
  return [...planned.values()].map((form) => form.fps);
}

test("Tiles have the shape of most pictures, within reason.", () => {
  assert.equal(shape([]), 4 / 3);
  assert.equal(shape([null, [640, 480]]), 4 / 3);
  assert.equal(
    shape([
      [1920, 1080],
      [1280, 720],
      [640, 480],
    ]),
    16 / 9,
  );
  assert.equal(shape([[480, 640]]), 1);
});
