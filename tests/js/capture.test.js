import assert from "node:assert/strict";
import { test } from "node:test";
import { Capture, captureTime } from "../../static/streamer/webcam/capture.js";
import { FakeCanvas, FakeVideo, HELLO } from "./fakes.js";

function capturing() {
  const video = new FakeVideo();
  let frames = 0;
  const capture = new Capture(/** @type {any} */ (video), () => {
    frames += 1;
  });
  return { video, capture, count: () => frames };
}

test("Every picture of the camera is told once, also after a stop and a start.", () => {
  const { video, capture, count } = capturing();
  capture.start();
  video.frame(1);
  capture.stop();
  capture.start();
  video.frame(2);
  video.frame(3);
  assert.equal(count(), 3);
  capture.stop();
  video.frame(4);
  assert.equal(count(), 3);
});

test("A picture is grabbed once, at the wanted quality, and within the server's size.", async () => {
  const { video, capture } = capturing();
  capture.start();
  assert.equal(capture.fresh, false);
  video.frame(17);
  assert.equal(capture.fresh, true);
  FakeCanvas.encoded = [];
  const frame = await capture.grab({ quality: 80, width: 640 }, { ...HELLO.limits, max_side: 320 });
  assert.equal(frame?.captured, 17);
  assert.deepEqual(FakeCanvas.encoded, [{ width: 320, height: 240, quality: 0.8 }]);
  assert.equal(capture.fresh, false);
  assert.equal(await capture.grab({ quality: 80, width: 640 }, HELLO.limits), null);
});

test("A picture that no quality brings within the server's bytes is given up.", async (t) => {
  t.after(() => {
    FakeCanvas.bytes = 1_000;
  });
  const { video, capture } = capturing();
  capture.start();
  video.frame(1);
  FakeCanvas.bytes = 1e9;
  assert.equal(await capture.grab({ quality: 95, width: 640 }, HELLO.limits), null);
});

test("A capture time of another clock is not believed.", () => {
  assert.equal(captureTime(5_000, 4_980), 4_980);
  assert.equal(captureTime(5_000, undefined), 5_000);
  assert.equal(captureTime(5_000, 1_700_000_000_000), 5_000);
  assert.equal(captureTime(5_000, 12), 5_000);
});
