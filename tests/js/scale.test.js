import assert from "node:assert/strict";
import { test } from "node:test";
import { saveName } from "../../static/streamer/shared/save.js";
import { roundTop } from "../../static/streamer/webcam/scale.js";

test("The top of a scale is a round number a little above the greatest value.", () => {
  assert.equal(roundTop(0, 10), 10);
  assert.equal(roundTop(28.5, 10), 30);
  assert.equal(roundTop(29.9, 10), 40);
  assert.equal(roundTop(96, 10), 200);
  assert.equal(roundTop(1_120, 100), 2_000);
});

test("Every value fits under its top.", () => {
  for (let value = 1; value < 100_000; value *= 1.07) {
    const top = roundTop(value, 10);
    assert.ok(top >= value * 1.05 && top <= Math.max(10, value * 2.2), `${value}: ${top}`);
  }
});

test("A saved picture is named by the time, so that names sort.", () => {
  assert.equal(saveName(new Date(2026, 0, 5, 4, 3, 2)), "videostream-2026-01-05-040302.jpg");
});
