import assert from "node:assert/strict";
import { test } from "node:test";
import { Sharing } from "../../static/streamer/webcam/sharing.js";
import { sharedWords, sharingWords } from "../../static/streamer/webcam/status.js";

/** @type {import("../../static/streamer/shared/protocol.js").Shared} */
const SHARED = {
  type: "shared",
  stream: "webcam-1",
  url: "/streams/webcam-1/?key=k",
  until: "2026-01-31T14:05:00Z",
  viewers: 0,
  resume: "again",
};

function sharing() {
  /** @type {any[]} */ const sent = [];
  /** @type {string[]} */ const states = [];
  const one = new Sharing({
    send: (message) => sent.push(message),
    changed: () => states.push(one.state.name),
  });
  one.follow("open");
  return { one, sent, states };
}

test("It is shared when the server says so, and over as soon as the user does.", () => {
  const { one, sent, states } = sharing();
  one.share();
  one.told(SHARED);
  one.told({ ...SHARED, viewers: 3 });
  assert.equal(one.state.shared?.viewers, 3);
  one.unshare();
  one.told({ type: "unshared" });
  assert.deepEqual(sent, [{ type: "share" }, { type: "unshare" }]);
  assert.deepEqual(states, ["asking", "on", "on", "off"]);
});

test("After a lost connection it is shared again, under the same name.", () => {
  const { one, sent } = sharing();
  one.share();
  one.told(SHARED);
  one.follow("waiting");
  assert.equal(one.state.name, "interrupted");
  one.follow("connecting");
  one.follow("open");
  assert.deepEqual(sent.at(-1), { type: "share", resume: "again" });
  one.told({ ...SHARED, viewers: 1 });
  assert.equal(one.state.name, "on");
});

test("What is not to be shared is not shared by a new connection.", () => {
  const { one, sent } = sharing();
  one.share();
  one.told(SHARED);
  one.end();
  one.follow("closed");
  one.follow("open");
  assert.deepEqual(sent, [{ type: "share" }]);
});

test("Late words about an earlier sharing change nothing about the next one.", () => {
  const { one, states } = sharing();
  one.share();
  one.unshare();
  one.share();
  one.told(SHARED);
  one.told({ type: "unshared" });
  assert.equal(one.state.name, "asking");
  one.told({ ...SHARED, stream: "webcam-2" });
  assert.deepEqual(states, ["asking", "off", "asking", "on"]);
});

test("A server that ends it by itself is believed.", () => {
  const { one } = sharing();
  one.share();
  one.told(SHARED);
  one.told({ type: "unshared" });
  assert.equal(one.state.name, "off");
});

test("It is told in plain words how many watch.", () => {
  const words = (/** @type {number} */ viewers) =>
    sharingWords({ name: "on", shared: { ...SHARED, viewers } });
  assert.equal(words(0), "You are shared: nobody watches yet");
  assert.equal(words(1), "You are shared: 1 viewer");
  assert.equal(words(3), "You are shared: 3 viewers");
  assert.match(sharingWords({ name: "interrupted", shared: SHARED }), /same link/);
  assert.deepEqual([0, 1, 3].map(sharedWords), ["Shared", "Shared: 1 viewer", "Shared: 3 viewers"]);
});
