import assert from "node:assert/strict";
import { test } from "node:test";
import { Pacer } from "../../static/streamer/webcam/pacing.js";
import { Sender } from "../../static/streamer/webcam/sender.js";
import { HELLO, settle } from "./fakes.js";

/** A sender whose camera always has a new picture, and whose encoder ends when it is told to. */
function sending() {
  const pacer = new Pacer();
  pacer.open(5, 1_000_000, 0);
  const state = { now: 0, encoding: 0, most: 0, sent: 0, lost: 0, ready: true };
  /** @type {(() => void)[]} */
  const encoders = [];
  const sender = new Sender({
    capture: {
      fresh: true,
      async grab() {
        state.encoding += 1;
        state.most = Math.max(state.most, state.encoding);
        await new Promise((resolve) => encoders.push(() => resolve(null)));
        state.encoding -= 1;
        return { jpeg: new ArrayBuffer(10), captured: state.now };
      },
    },
    link: {
      get ready() {
        return state.ready;
      },
      buffered: 0,
      send() {
        state.sent += 1;
        return { seq: state.sent, bytes: 14 };
      },
    },
    pacer,
    meter: { sent: () => {}, lost: () => (state.lost += 1) },
    form: () => ({ quality: 70, width: 640 }),
    now: () => (state.now += 1),
  });
  /** The encoder is done with one picture. */
  const encoded = async () => {
    encoders.shift()?.();
    await settle();
  };
  return { sender, pacer, state, encoded };
}

test("One picture is encoded at a time, however many new ones the camera has.", async () => {
  const { sender, state, encoded } = sending();
  sender.open(HELLO.limits);
  sender.pump();
  sender.pump();
  sender.pump();
  await encoded();
  sender.pump();
  await encoded();
  assert.equal(state.most, 1);
  assert.equal(state.sent, 2);
});

test("It goes on by itself until the window is full.", async () => {
  const { sender, pacer, state, encoded } = sending();
  sender.open(HELLO.limits);
  sender.pump();
  for (let index = 0; index < 9; index += 1) {
    await encoded();
  }
  assert.equal(state.sent, 5);
  assert.equal(pacer.outstanding, 5);
});

test("A picture whose connection went while it was encoded is dropped and counted.", async () => {
  const { sender, pacer, state, encoded } = sending();
  sender.open(HELLO.limits);
  sender.pump();
  state.ready = false;
  await encoded();
  assert.equal(state.sent, 0);
  assert.equal(state.lost, 1);
  assert.equal(pacer.outstanding, 0);
});

test("Nothing is taken from the camera before the server has told its limits.", () => {
  const { sender, state } = sending();
  sender.pump();
  assert.equal(state.encoding, 0);
});

test("A picture that comes before its time is left out, and makes none that follows late.", async () => {
  const { sender, pacer, state, encoded } = sending();
  pacer.limit("age", 10);
  sender.open(HELLO.limits);
  for (const at of [0, 0, 60]) {
    state.now = at;
    sender.pump();
    await encoded();
  }
  assert.equal(state.sent, 2);
  for (const at of [160, 260, 360]) {
    state.now = at;
    sender.pump();
    assert.equal(state.encoding, 1);
    await encoded();
  }
  assert.equal(state.sent, 5);
});
