import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../static/streamer/shared/backoff.js";
import { Watch } from "../../static/streamer/wall/watch.js";
import { fakeServer, fakeTimers } from "./fakes.js";

/** @typedef {import("../../static/streamer/shared/protocol.js").WatchForm} WatchForm */

/** @type {WatchForm} */
const SMALL = { width: 320, fps: 15 };
/** @type {WatchForm} */
const FULL = { width: null, fps: null };

function watching() {
  const { sockets, openSocket } = fakeServer();
  const clock = { now: 0 };
  /** @type {[string, any][]} */
  const events = [];
  const note =
    (/** @type {string} */ name) =>
    (/** @type {any[]} */ ...values) => {
      events.push([name, values.length > 1 ? values : values[0]]);
    };
  const watch = new Watch({
    url: "ws://host/ws/watch/",
    now: () => clock.now,
    openSocket,
    online: () => true,
    backoff: new Backoff({ random: () => 0 }),
    on: {
      link: note("link"),
      state: note("state"),
      frame: note("frame"),
      refused: note("refused"),
    },
  });
  const named = (/** @type {string} */ name) =>
    events.filter(([event]) => event === name).map(([, value]) => value);
  return { watch, sockets, clock, named };
}

/**
 * @param {string} stream
 * @param {string} [state]
 */
function state(stream, state = "live") {
  return { type: "state", stream, state, message: "", viewers: 1 };
}

/**
 * @param {string} stream
 * @param {number} seq
 */
function frame(stream, seq) {
  return { type: "frame", stream, seq, age_ms: 1, detections: { size: [1, 1] } };
}

test("All streams go over one socket; only what changes is said.", (t) => {
  fakeTimers(t);
  const { watch, sockets } = watching();
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", SMALL],
    ]),
  );
  sockets[0].opens();
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", FULL],
      ["c", SMALL],
    ]),
  );
  watch.want(
    new Map([
      ["b", FULL],
      ["c", SMALL],
    ]),
  );
  assert.equal(sockets.length, 1);
  assert.deepEqual(sockets[0].told, [
    { type: "watch", stream: "a", ...SMALL },
    { type: "watch", stream: "b", ...SMALL },
    { type: "watch", stream: "b", ...FULL },
    { type: "watch", stream: "c", ...SMALL },
    { type: "unwatch", stream: "a" },
  ]);
});

test("With nothing to watch there is no socket.", () => {
  const { watch, sockets, named } = watching();
  watch.want(new Map());
  assert.equal(sockets.length, 0);
  watch.want(new Map([["a", SMALL]]));
  sockets[0].opens();
  watch.want(new Map());
  assert.equal(sockets[0].closedWith, 1000);
  assert.equal(named("link").at(-1).name, "closed");
});

test("A lost socket is opened again, and all is watched again.", (t) => {
  const timers = fakeTimers(t);
  const { watch, sockets, named } = watching();
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", FULL],
    ]),
  );
  sockets[0].opens();
  sockets[0].ends(1006);
  assert.equal(named("link").at(-1).name, "waiting");
  timers.pass(500);
  sockets[1].opens();
  assert.deepEqual(
    sockets[1].told.map(({ type, stream }) => [type, stream]),
    [
      ["watch", "a"],
      ["watch", "b"],
    ],
  );
});

test("A picture is acknowledged when it is shown, and not after its stream was left.", (t) => {
  fakeTimers(t);
  const { watch, sockets, named } = watching();
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", SMALL],
    ]),
  );
  sockets[0].opens();
  sockets[0].says(state("a"));
  sockets[0].says(frame("a", 7));
  const [shown] = named("frame");
  watch.ack(shown);
  assert.deepEqual(sockets[0].told.at(-1), { type: "ack", stream: "a", seq: 7 });
  watch.want(new Map([["b", SMALL]]));
  const before = sockets[0].told.length;
  watch.ack(shown);
  assert.equal(sockets[0].told.length, before);
});

test("What is still on its way from before is neither shown nor acknowledged.", (t) => {
  fakeTimers(t);
  const { watch, sockets, named } = watching();
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", SMALL],
    ]),
  );
  sockets[0].opens();
  sockets[0].says(state("a"));
  sockets[0].says(frame("a", 7));
  const [old] = named("frame");
  watch.want(new Map([["b", SMALL]]));
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", SMALL],
    ]),
  );
  sockets[0].says(frame("a", 8));
  watch.ack(old);
  assert.equal(named("frame").length, 1);
  assert.deepEqual(
    sockets[0].told.filter(({ type }) => type === "ack"),
    [],
  );
  sockets[0].says(state("a"));
  sockets[0].says(frame("a", 9));
  assert.equal(named("frame").at(-1).seq, 9);
});

test("In another form the same stream goes on: nothing that comes is left out.", (t) => {
  fakeTimers(t);
  const { watch, sockets, named } = watching();
  watch.want(new Map([["a", SMALL]]));
  sockets[0].opens();
  sockets[0].says(state("a"));
  watch.want(new Map([["a", FULL]]));
  sockets[0].says(frame("a", 7));
  watch.ack(named("frame")[0]);
  assert.equal(sockets[0].told.at(-1).type, "ack");
});

test("A stream that is refused or has ended is watched no more, until it is wanted anew.", (t) => {
  fakeTimers(t);
  const { watch, sockets, named } = watching();
  watch.want(
    new Map([
      ["a", SMALL],
      ["b", SMALL],
      ["c", SMALL],
    ]),
  );
  sockets[0].opens();
  sockets[0].says({ type: "error", code: 4004, message: "none", stream: "a" });
  sockets[0].says(state("b", "ended"));
  assert.deepEqual(named("refused"), [["a", "none"]]);
  assert.deepEqual(
    ["a", "b", "c"].map((name) => watch.watches(name)),
    [false, false, true],
  );
  watch.want(
    new Map([
      ["a", SMALL],
      ["c", SMALL],
    ]),
  );
  assert.deepEqual(sockets[0].told.at(-1), { type: "watch", stream: "a", ...SMALL });
});

test("A server that is silent about what is live is given up; about what is not, it may be.", (t) => {
  const timers = fakeTimers(t);
  const { watch, sockets, clock } = watching();
  watch.want(new Map([["a", SMALL]]));
  sockets[0].opens();
  sockets[0].says(state("a", "failed"));
  clock.now = 60_000;
  watch.tick();
  assert.equal(sockets[0].closedWith, null);
  sockets[0].says(state("a"));
  clock.now += 10_001;
  watch.tick();
  assert.equal(sockets[0].closedWith, 1005);
  timers.pass(500);
  assert.equal(sockets.length, 2);
});

test("What cannot be mended by trying again is not tried again.", (t) => {
  fakeTimers(t);
  const { watch, sockets, named } = watching();
  watch.want(new Map([["a", SMALL]]));
  sockets[0].opens();
  sockets[0].says({ type: "error", code: 4004, message: "this link has expired" });
  sockets[0].ends(4004);
  assert.equal(named("link").at(-1).name, "failed");
  assert.equal(named("link").at(-1).fault.remedy, "This link has expired.");
  watch.want(new Map([["a", FULL]]));
  assert.equal(sockets.length, 1);
});

test("Who was turned away and is known again watches again; a page that is not understood does not.", (t) => {
  fakeTimers(t);
  const { watch, sockets } = watching();
  const wanted = new Map([["a", SMALL]]);
  for (const code of [4004, 4000]) {
    watch.want(wanted);
    sockets.at(-1)?.opens();
    sockets.at(-1)?.ends(code);
    watch.admitted();
    watch.want(wanted);
  }
  assert.equal(sockets.length, 2);
});
