import assert from "node:assert/strict";
import { test } from "node:test";
import { growth, Ladder } from "../../static/streamer/webcam/ladder.js";

/**
 * All the way down, one step at a time.
 * @param {Ladder} ladder
 * @param {number} [rate]
 */
function rungsBelow(ladder, rate = 60) {
  const rungs = [];
  while (ladder.stage !== "end" && rungs.length < 50) {
    ladder.down(1, rate);
    const { fps, quality, width } = ladder.rung;
    rungs.push(`${fps}/${quality}/${width}`);
  }
  return rungs.join(" ");
}

test("Frames go first, then quality, then width, and the last frames at the end.", () => {
  assert.equal(
    rungsBelow(new Ladder({ quality: 70, width: 640 })),
    "24/70/640 19/70/640 15/70/640 12/70/640 10/70/640 10/55/640 10/40/640 10/40/480 10/40/320 " +
      "7/40/320 5/40/320 3/40/320 2/40/320",
  );
});

test("What is small already is not made smaller.", () => {
  assert.equal(
    rungsBelow(new Ladder({ quality: 30, width: 300 })),
    "24/30/300 19/30/300 15/30/300 12/30/300 10/30/300 7/30/300 5/30/300 3/30/300 2/30/300",
  );
});

test("A limit that would not be felt is passed over.", () => {
  const ladder = new Ladder({ quality: 70, width: 640 });
  ladder.down(1, 14);
  assert.equal(ladder.rung.fps, 12);
  ladder.position = { rate: 0, form: 0 };
  assert.equal(ladder.down(1, 6), "form");
  assert.deepEqual(ladder.rung, { fps: 10, quality: 55, width: 640 });
});

test("Many steps at once end with the stage that they began in.", () => {
  const ladder = new Ladder({ quality: 70, width: 640 });
  ladder.down(9, 60);
  assert.deepEqual(ladder.rung, { fps: 10, quality: 70, width: 640 });
  ladder.down(9, 10);
  assert.deepEqual(ladder.rung, { fps: 10, quality: 40, width: 320 });
});

test("Width and quality come back before frames, if they fit; else frames do.", () => {
  const ladder = new Ladder({ quality: 70, width: 640 });
  const better = (/** @type {number} */ room) => ladder.better((times) => times <= room);
  ladder.position = { rate: 5, form: 4 };
  assert.deepEqual(better(2), { rate: 5, form: 3 });
  assert.deepEqual(better(1.5), { rate: 4, form: 4 });
  assert.equal(better(0.5), null);
  ladder.position = { rate: 7, form: 4 };
  assert.deepEqual(better(1.5), { rate: 6, form: 4 });
});

test("Where there is much room, two steps are taken back at once.", () => {
  const ladder = new Ladder({ quality: 70, width: 640 });
  const better = (/** @type {number} */ room) => ladder.better((times) => times <= room);
  ladder.position = { rate: 5, form: 4 };
  assert.deepEqual(better(9), { rate: 5, form: 2 });
  ladder.position = { rate: 5, form: 0 };
  assert.deepEqual(better(9), { rate: 3, form: 0 });
  ladder.position = { rate: 1, form: 0 };
  assert.deepEqual(better(9), { rate: 0, form: 0 });
});

test("Kept pictures stay as they are: what is given up next are the last frames.", () => {
  const ladder = new Ladder({ quality: 70, width: 640 });
  ladder.position = { rate: 5, form: 0 };
  ladder.keepForm = true;
  assert.equal(ladder.stage, "last");
  ladder.down(1, 10);
  assert.deepEqual(ladder.rung, { fps: 7, quality: 70, width: 640 });
});

test("Under another ceiling, pictures stay about as small as they were; whole ones stay whole.", () => {
  const ladder = new Ladder({ quality: 70, width: 640 });
  ladder.limit({ quality: 90, width: 1280 });
  assert.deepEqual(ladder.rung, { fps: null, quality: 90, width: 1280 });
  ladder.position = { rate: 5, form: 6 };
  const { quality, width } = ladder.rung;
  ladder.limit({ quality: 50, width: 640 });
  assert.ok(ladder.rung.quality <= quality && ladder.rung.width <= width);
});

test("A picture of half the width has about a third of the bytes.", () => {
  const small = growth({ quality: 70, width: 640 }, { quality: 70, width: 320 });
  assert.ok(small > 0.25 && small < 0.4, `${small}`);
  assert.equal(growth({ quality: 70, width: 640 }, { quality: 70, width: 640 }), 1);
});
