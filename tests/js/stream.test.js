import assert from "node:assert/strict";
import { test } from "node:test";
import { closeFault } from "../../static/streamer/shared/faults.js";
import { CloseCode } from "../../static/streamer/shared/protocol.js";
import { Stream } from "../../static/streamer/wall/stream.js";

const OPEN = Object.freeze({ name: /** @type {const} */ ("open") });

/** @type {import("../../static/streamer/wall/roster.js").StreamInfo} */
const INFO = {
  name: "porch",
  kind: "camera",
  state: "live",
  message: "",
  viewers: 2,
  fps: 29.9,
  age_ms: 12,
  size: [640, 480],
  seen: { motion: true },
};

function porch() {
  const clock = { now: 10_000 };
  const stream = new Stream("porch", () => clock.now);
  const state = (/** @type {any} */ name, message = "") =>
    stream.tell({ type: "state", stream: "porch", state: name, message, viewers: 3 });
  const picture = (age_ms = 20) => {
    const detections = {
      size: /** @type {[number, number]} */ ([640, 480]),
      motion: [],
      faces: [],
    };
    const image = new Uint8Array();
    stream.show({
      frame: { type: "frame", stream: "porch", seq: 1, age_ms, detections, image },
      at: clock.now,
    });
  };
  return { stream, clock, state, picture };
}

test("What is not watched is as the list says.", () => {
  const { stream } = porch();
  assert.equal(stream.account.state, "closed");
  stream.list(INFO);
  const { state, viewers, fps, age, seen } = stream.account;
  assert.deepEqual([state, viewers, fps, age, seen], ["live", 2, 29.9, 12, "motion"]);
});

test("What is watched is as the socket says; until it says anything, it opens.", () => {
  const { stream, state } = porch();
  stream.list(INFO);
  stream.watch(true, OPEN);
  assert.equal(stream.account.state, "opening");
  state("failed", "Nothing listens there.");
  const { title, detail, veiled, viewers } = stream.account;
  assert.deepEqual(
    [title, detail, veiled, viewers],
    ["No picture", "Nothing listens there.", true, 3],
  );
});

test("Live without a picture is still veiled; with one it is not.", () => {
  const { stream, state, picture } = porch();
  stream.watch(true, OPEN);
  state("live");
  assert.deepEqual([stream.account.title, stream.account.veiled], ["Opening …", true]);
  picture();
  const { title, veiled, seen, last } = stream.account;
  assert.deepEqual([title, veiled, seen, last], ["Live", false, "Nothing in sight", ""]);
});

test("The age is the server's and what came after it here, measured by one clock.", () => {
  const { stream, clock, state, picture } = porch();
  stream.watch(true, OPEN);
  state("live");
  picture(20);
  assert.equal(stream.account.age, 20);
  state("frozen");
  clock.now += 7_000;
  const { age, last, veiled } = stream.account;
  assert.deepEqual([age, last, veiled], [null, "7 s ago", true]);
});

test("Without a connection what was told counts for nothing.", () => {
  const { stream, state } = porch();
  stream.watch(true, OPEN);
  state("live");
  stream.watch(true, { name: "connecting" });
  assert.equal(stream.account.state, "lost");
  stream.watch(true, OPEN);
  assert.equal(stream.account.state, "opening");
});

test("Where trying again is no use, the reason is told, and nothing of waiting.", () => {
  const { stream, state } = porch();
  stream.watch(true, OPEN);
  state("live");
  const message = "this link has expired";
  const fault = closeFault(CloseCode.NO_STREAM, { greeted: true, online: true, message });
  stream.watch(true, { name: "failed", fault });
  const { title, detail, veiled } = stream.account;
  assert.deepEqual([title, detail, veiled], ["Stopped", "This link has expired.", true]);
});

test("What ended or was refused stays so until the list has it again.", () => {
  const { stream, state } = porch();
  stream.watch(true, OPEN);
  state("ended", "It is not shared any more.");
  stream.watch(false, OPEN);
  assert.deepEqual([stream.account.state, stream.isOver], ["ended", true]);
  stream.list(INFO);
  assert.deepEqual([stream.account.state, stream.isOver], ["live", false]);
  stream.refuse("There is no such stream for you.");
  assert.deepEqual([stream.account.state, stream.isOver], ["gone", true]);
});
