import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brackets,
  contain,
  hull,
  PARTS,
  place,
  placeBox,
  sendSize,
  union,
} from "../../static/streamer/webcam/geometry.js";

const LIMITS = { longest: 640, maxSide: 2048, maxPixels: 2_100_000 };

test("A picture is scaled down to the longer side that is wanted, turned or not.", () => {
  assert.deepEqual(sendSize(1280, 720, LIMITS), { width: 640, height: 360 });
  assert.deepEqual(sendSize(720, 1280, LIMITS), { width: 360, height: 640 });
});

test("A picture is never scaled up.", () => {
  assert.deepEqual(sendSize(320, 240, LIMITS), { width: 320, height: 240 });
});

test("No size passes a limit of the server.", () => {
  for (const [width, height] of [
    [4000, 3000],
    [9000, 200],
    [1999, 1501],
    [2048, 2048],
  ]) {
    const size = sendSize(width, height, { longest: 9_999, maxSide: 2048, maxPixels: 2_100_000 });
    assert.ok(size.width * size.height <= 2_100_000, `${size.width}x${size.height}`);
    assert.ok(Math.max(size.width, size.height) <= 2048);
    assert.ok(Math.abs(size.height - (size.width * height) / width) <= 1, `${size.height}`);
  }
});

test("A thin picture keeps a row at the least.", () => {
  assert.deepEqual(sendSize(10_000, 2, LIMITS), { width: 640, height: 1 });
});

test("A picture stands in the middle of its canvas and is not stretched.", () => {
  const view = contain([640, 480], 1000, 480, false);
  assert.deepEqual(place(view, [0, 0]), [180, 0]);
  assert.deepEqual(place(view, [640, 480]), [820, 480]);
  const tall = contain([480, 640], 480, 1000, false);
  assert.deepEqual(place(tall, [0, 0]), [0, 180]);
});

test("Mirroring exchanges left and right of points and boxes, and nothing else.", () => {
  const view = contain([640, 480], 1280, 960, true);
  assert.deepEqual(place(view, [0, 10]), [1280, 20]);
  assert.deepEqual(placeBox(view, [10, 20, 100, 50]), [1060, 40, 200, 100]);
});

test("The union of boxes is the smallest box around all of them.", () => {
  assert.equal(union([]), null);
  assert.deepEqual(
    union([
      [10, 20, 5, 5],
      [2, 30, 4, 10],
    ]),
    [2, 20, 13, 20],
  );
});

test("Brackets touch the four corners and point inwards.", () => {
  const corners = brackets([100, 200, 50, 100], 0.2);
  assert.deepEqual(corners[0], [
    [110, 200],
    [100, 200],
    [100, 210],
  ]);
  assert.deepEqual(corners[2], [
    [140, 300],
    [150, 300],
    [150, 290],
  ]);
  assert.equal(corners.length, 4);
});

test("A hull holds the outer points once, and none within.", () => {
  /** @type {[number, number][]} */
  const points = [
    [0, 0],
    [5, 5],
    [10, 0],
    [10, 10],
    [5, 0],
    [0, 10],
  ];
  const around = hull(points);
  assert.equal(around.length, 4);
  assert.deepEqual(new Set(around.map(String)), new Set(["0,0", "10,0", "10,10", "0,10"]));
});

test("A hull does not change the points that it was given.", () => {
  /** @type {[number, number][]} */
  const points = [
    [9, 9],
    [0, 0],
    [5, 1],
  ];
  hull(points);
  assert.deepEqual(points[0], [9, 9]);
});

test("The named parts are the 68 points, each once.", () => {
  const indexes = Object.values(PARTS).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, offset) => first + offset),
  );
  assert.deepEqual(
    indexes.sort((a, b) => a - b),
    [...Array(68).keys()],
  );
  // The subject's right eye is the one that stands left in an unmirrored picture: 36 to 41.
  assert.deepEqual(PARTS.rightEye, [36, 41]);
  assert.deepEqual(PARTS.rightBrow, [17, 21]);
});
