import assert from "node:assert/strict";
import { test } from "node:test";
import { isFresh, Pacer } from "../../static/streamer/webcam/pacing.js";

/** @param {{window?: number, fps?: number}} [hello] */
function opened({ window = 2, fps = 30 } = {}) {
  const pacer = new Pacer();
  pacer.open(window, fps, 0);
  return pacer;
}

/**
 * A camera of so many frames a second for ten seconds, against a server that answers at once.
 * @param {Pacer} pacer
 * @param {number} cameraFps
 * @param {(index: number) => number} [jitter] milliseconds
 * @returns {number} frames a second that went
 */
function run(pacer, cameraFps, jitter = () => 0) {
  let sent = 0;
  for (let index = 0; index < cameraFps * 10; index += 1) {
    const now = (index * 1_000) / cameraFps + jitter(index);
    if (pacer.wait(now) === 0) {
      sent += 1;
      pacer.sent(sent, now, now);
      pacer.acknowledge(sent, now);
    }
  }
  return sent / 10;
}

test("The window is never passed, and only an acknowledgement opens it again.", () => {
  const pacer = opened();
  pacer.sent(1, 0, 0);
  assert.equal(pacer.wait(1_000), 0);
  pacer.sent(2, 1_000, 1_000);
  assert.equal(pacer.wait(99_000), Number.POSITIVE_INFINITY);
  pacer.acknowledge(1, 99_000);
  assert.equal(pacer.outstanding, 1);
  assert.equal(pacer.wait(99_000), 0);
});

test("A number acknowledges everything before it.", () => {
  const pacer = opened({ window: 3 });
  for (const seq of [1, 2, 3]) {
    pacer.sent(seq, seq * 10, seq * 100);
  }
  assert.equal(pacer.acknowledge(2, 400), 20);
  assert.equal(pacer.outstanding, 1);
});

test("A number that was never sent, or is acknowledged twice, has no capture time.", () => {
  const pacer = opened();
  pacer.sent(1, 10, 10);
  assert.equal(pacer.acknowledge(1, 20), 10);
  assert.equal(pacer.acknowledge(1, 20), null);
  assert.equal(pacer.acknowledge(77, 20), null);
});

test("A new session owes nothing for the old one.", () => {
  const pacer = opened();
  pacer.obey({ window: 1, fps: 1 });
  pacer.sent(1, 0, 0);
  pacer.open(2, 30, 10);
  assert.equal(pacer.outstanding, 0);
  assert.equal(pacer.wait(10), 0);
  assert.equal(pacer.fps, 30);
});

test("A camera of 30 frames a second passes a limit of 30 whole, also when its frames come unevenly.", () => {
  assert.ok(run(opened(), 30) > 29.5);
  const uneven = run(opened(), 30, (index) => (index % 2) * 20);
  assert.ok(uneven > 29.5, `${uneven}`);
});

test("The limit holds on average whatever the camera's rate.", () => {
  for (const [camera, limit] of [
    [30, 20],
    [60, 30],
    [30, 7],
    [30, 25],
    [50, 15],
  ]) {
    const rate = run(opened({ fps: limit }), camera);
    assert.ok(rate <= limit * 1.03 && rate >= limit * 0.9, `${camera} under ${limit}: ${rate}`);
  }
});

test("A pause in the camera is not made up for by a burst.", () => {
  const pacer = opened({ window: 9, fps: 10 });
  pacer.sent(1, 0, 0);
  pacer.sent(2, 5_000, 5_000);
  assert.equal(pacer.wait(5_000), 20);
  pacer.sent(3, 5_020, 5_020);
  assert.equal(pacer.wait(5_020), 100);
});

test("A pace message is obeyed at once, in both directions.", () => {
  const pacer = opened();
  pacer.sent(1, 0, 0);
  pacer.acknowledge(1, 5);
  pacer.obey({ window: 1, fps: 2 });
  assert.ok(pacer.wait(100) > 350);
  assert.equal(pacer.wait(500), 0);
  pacer.sent(2, 500, 500);
  assert.equal(pacer.wait(5_000), Number.POSITIVE_INFINITY);
  pacer.obey({ window: 2, fps: 30 });
  assert.equal(pacer.wait(5_000), 0);
  assert.equal(pacer.fps, 30);
});

test("A pace message never lifts the hello's rate, and one without figures takes the last one back.", () => {
  const pacer = opened({ fps: 15 });
  pacer.obey({ fps: 60 });
  assert.equal(pacer.fps, 15);
  pacer.obey({ window: 1, fps: 1 });
  pacer.obey({});
  assert.equal(pacer.fps, 15);
  pacer.sent(1, 0, 0);
  assert.equal(pacer.wait(1_000), 0);
});

test("A pace of nothing at all still lets a frame through now and then.", () => {
  const pacer = opened();
  pacer.obey({ window: 0, fps: 0 });
  pacer.sent(1, 0, 0);
  pacer.acknowledge(1, 1);
  assert.equal(pacer.wait(20_000), 0);
});

test("Of several who ask for a limit the lowest counts, until it is taken back.", () => {
  const pacer = opened();
  pacer.limit("age", 10);
  pacer.limit("battery", 12);
  assert.equal(pacer.fps, 10);
  pacer.limit("age", null);
  assert.equal(pacer.fps, 12);
});

test("A socket that still holds an earlier frame is a reason to wait.", () => {
  const pacer = opened();
  assert.equal(pacer.wait(0, 1_000), 0);
  const wait = pacer.wait(0, 100_000);
  assert.ok(wait > 0 && wait < 100, `${wait}`);
});

test("Silence counts from the last answer, and only while one is owed.", () => {
  const pacer = opened();
  assert.equal(pacer.silence(5_000), 0);
  pacer.sent(1, 5_000, 5_000);
  pacer.sent(2, 5_100, 5_100);
  assert.equal(pacer.silence(5_600), 600);
  pacer.acknowledge(1, 5_700);
  assert.equal(pacer.silence(6_000), 300);
  pacer.acknowledge(2, 6_100);
  assert.equal(pacer.silence(9_000), 0);
});

test("A server that stops is silent within a second; one behind a slow network is not.", () => {
  const quick = opened();
  const slow = opened();
  for (let seq = 1; seq <= 20; seq += 1) {
    quick.sent(seq, 0, seq * 100);
    quick.acknowledge(seq, seq * 100 + 30);
    slow.sent(seq, 0, seq * 1_000);
    slow.acknowledge(seq, seq * 1_000 + 800);
  }
  quick.sent(21, 0, 3_000);
  slow.sent(21, 0, 21_000);
  assert.equal(quick.isSilent(3_750), true);
  assert.equal(slow.isSilent(21_750), false);
  assert.equal(slow.isSilent(24_000), true);
});

test("The age of the oldest frame counts from its capture, and ends with its acknowledgement.", () => {
  const pacer = opened();
  assert.equal(pacer.oldest(500), 0);
  pacer.sent(1, 100, 110);
  pacer.sent(2, 140, 150);
  assert.equal(pacer.oldest(500), 400);
  pacer.acknowledge(1, 500);
  assert.equal(pacer.oldest(500), 360);
});

test("The server's pace is told only where it is less than its hello allowed.", () => {
  const pacer = opened();
  assert.equal(pacer.pace, null);
  pacer.obey({ window: 2, fps: 30 });
  assert.equal(pacer.pace, null);
  pacer.obey({ window: 1, fps: 12.5 });
  assert.equal(pacer.pace, 12.5);
  pacer.obey({ window: 2, fps: null });
  assert.equal(pacer.pace, null);
  assert.equal(pacer.fps, 30);
});

test("A result that a stall let go at last is not shown, unless there has been nothing else.", () => {
  assert.equal(isFresh(300, 40), true);
  assert.equal(isFresh(1_900, 2_000), false);
  assert.equal(isFresh(1_900, 3_500), true);
});
