import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../static/streamer/shared/backoff.js";
import { Link } from "../../static/streamer/webcam/link.js";
import { fakeServer, fakeTimers, HELLO, resultText } from "./fakes.js";

/** A link on a fake WebSocket, with all that it tells. */
function linked() {
  const { sockets, openSocket } = fakeServer();
  /** @type {[string, any][]} */
  const events = [];
  const note = (/** @type {string} */ name) => (/** @type {unknown} */ value) => {
    events.push([name, value]);
  };
  const link = new Link({
    url: "ws://host/ws/webcam/",
    settings: () => ({ quality: 70 }),
    openSocket,
    online: () => true,
    backoff: new Backoff({ random: () => 0 }),
    on: {
      state: note("state"),
      hello: note("hello"),
      settings: note("settings"),
      refused: note("refused"),
      pace: note("pace"),
      result: note("result"),
      error: note("error"),
      shared: note("shared"),
      received: () => {},
    },
  });
  const named = (/** @type {string} */ name) =>
    events.filter(([event]) => event === name).map(([, value]) => value);
  return { link, sockets, named, state: () => named("state").at(-1) };
}

test("The socket is opened with the subprotocol, and asked for array buffers.", () => {
  const { link, sockets } = linked();
  link.open();
  assert.equal(sockets[0].url, "ws://host/ws/webcam/");
  assert.equal(sockets[0].protocol, "videostream.v1");
  assert.equal(sockets[0].binaryType, "arraybuffer");
  link.close();
});

test("Nothing is sent before the hello; the settings are the first thing after it.", () => {
  const { link, sockets } = linked();
  link.open();
  link.update({ quality: 50 });
  assert.equal(link.ready, false);
  assert.deepEqual(sockets[0].sent, []);
  sockets[0].says(HELLO);
  assert.equal(link.ready, true);
  assert.deepEqual(sockets[0].told, [{ type: "settings", quality: 70 }]);
  link.close();
});

test("Frames are numbered from one, anew on every connection.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets } = linked();
  link.open();
  sockets[0].says(HELLO);
  assert.deepEqual(link.send(new ArrayBuffer(10)), { seq: 1, bytes: 14 });
  assert.equal(link.send(new ArrayBuffer(10)).seq, 2);
  sockets[0].ends(1006);
  timers.pass(500);
  sockets[1].says(HELLO);
  assert.equal(link.send(new ArrayBuffer(10)).seq, 1);
  assert.deepEqual(sockets[0].frames, [1, 2]);
});

test("A lost connection is opened again after growing pauses, with the same settings.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets, state } = linked();
  link.open();
  for (const [index, pause] of [500, 1_000, 2_000, 4_000].entries()) {
    sockets[index].ends(1006);
    assert.equal(state().name, "waiting");
    assert.equal(state().retryIn, pause);
    timers.pass(pause - 1);
    assert.equal(sockets.length, index + 1);
    timers.pass(1);
    assert.equal(sockets.length, index + 2);
  }
  sockets[4].says(HELLO);
  assert.deepEqual(sockets[4].told, [{ type: "settings", quality: 70 }]);
});

test("Only a result makes the pauses short again: a server that greets and hangs up is not well.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets, state } = linked();
  link.open();
  sockets[0].ends(1006);
  timers.pass(500);
  sockets[1].says(HELLO);
  sockets[1].ends(1006);
  assert.equal(state().retryIn, 1_000);
  timers.pass(1_000);
  sockets[2].says(HELLO);
  sockets[2].says(resultText(1));
  sockets[2].ends(1006);
  assert.equal(state().retryIn, 500);
});

test("A server that takes the connection and never says hello is given up.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets, state } = linked();
  link.open();
  timers.pass(8_000);
  assert.equal(sockets[0].closedWith, 1005);
  assert.equal(state().name, "waiting");
  assert.equal(state().fault.title, "The server does not answer");
  sockets[0].says(HELLO);
  assert.equal(link.ready, false);
});

test("A full server is not knocked at again at once, and its words are told.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets, state } = linked();
  link.open();
  sockets[0].says({ type: "error", code: 4013, message: "full, come back in 10 s" });
  sockets[0].ends(4013);
  assert.equal(state().fault.title, "The server is full");
  assert.equal(state().fault.remedy, "Full, come back in 10 s.");
  timers.pass(9_999);
  assert.equal(sockets.length, 1);
  timers.pass(1);
  assert.equal(sockets.length, 2);
});

test("What trying again cannot mend ends it.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets, state } = linked();
  link.open();
  sockets[0].says(HELLO);
  sockets[0].ends(4009);
  assert.equal(state().name, "failed");
  timers.pass(100_000);
  assert.equal(sockets.length, 1);
});

test("Closing sends the empty message, closes normally, and is not undone by a timer.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets, state } = linked();
  link.open();
  sockets[0].says(HELLO);
  link.close();
  const last = /** @type {Uint8Array} */ (sockets[0].sent.at(-1));
  assert.equal(last.length, 0);
  assert.equal(sockets[0].closedWith, 1000);
  assert.equal(state().name, "closed");
  assert.equal(link.ready, false);
  sockets[0].ends(1000);
  timers.pass(100_000);
  assert.equal(sockets.length, 1);
  link.open();
  assert.equal(sockets.length, 2);
});

test("Closing between two tries ends the trying.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets } = linked();
  link.open();
  sockets[0].ends(1006);
  link.close();
  timers.pass(100_000);
  assert.equal(sockets.length, 1);
});

test("A network that is back ends the pause, and opens one connection only.", (t) => {
  const timers = fakeTimers(t);
  const { link, sockets } = linked();
  link.open();
  sockets[0].ends(1006);
  link.retryNow();
  link.retryNow();
  timers.pass(5_000);
  assert.equal(sockets.length, 2);
});

test("The answer to an earlier change does not turn back a later one.", () => {
  const { link, sockets, named } = linked();
  link.open();
  sockets[0].says(HELLO);
  link.update({ quality: 80 });
  link.update({ quality: 90 });
  for (const quality of [70, 80]) {
    sockets[0].says({ type: "settings", ...HELLO.settings, quality });
  }
  assert.equal(named("settings").length, 0);
  sockets[0].says({ type: "settings", ...HELLO.settings, quality: 90 });
  assert.equal(named("settings")[0].quality, 90);
  link.close();
});

test("An error is about settings, about a frame, or about the session.", () => {
  const { link, sockets, named } = linked();
  link.open();
  sockets[0].says(HELLO);
  sockets[0].says({ type: "error", code: 4007, message: "quality: expected 1 to 100" });
  assert.equal(named("refused").length, 1);
  sockets[0].says({ type: "error", code: 4000, message: "not a JPEG", seq: 3 });
  sockets[0].says({ type: "error", code: 4012, message: "restarting" });
  assert.deepEqual(
    named("error").map(({ seq }) => seq),
    [3, undefined],
  );
  link.close();
});

test("A message that cannot be read ends it, with the advice to reload.", () => {
  const { link, sockets, state } = linked();
  link.open();
  sockets[0].says("what?");
  assert.equal(state().name, "failed");
  assert.match(state().fault.remedy, /reload/i);
});

test("A message of a kind that is not known yet is passed over.", () => {
  const { link, sockets } = linked();
  link.open();
  sockets[0].says(HELLO);
  sockets[0].says({ type: "shared", viewers: 3 });
  assert.equal(link.ready, true);
  link.close();
});
