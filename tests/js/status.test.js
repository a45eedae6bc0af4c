import assert from "node:assert/strict";
import { test } from "node:test";
import { UNPLUGGED } from "../../static/streamer/webcam/camera-faults.js";
import { reducedWords, statusWords } from "../../static/streamer/webcam/status.js";

test("A lost server is told with the time of the next try.", () => {
  const fault = { ...UNPLUGGED, title: "The server does not answer" };
  assert.equal(
    statusWords({ name: "waiting", fault, retryIn: 3_210 }),
    "The server does not answer. Trying again in 3 s.",
  );
  assert.match(statusWords({ name: "waiting", fault, retryIn: 510 }), /in 1 s/);
});

test("What is reduced, and why, is told in plain words; where all is sent, nothing is said.", () => {
  assert.deepEqual(reducedWords(null), { why: "", what: "" });
  assert.deepEqual(reducedWords({ fps: 12, quality: 40, width: 480, slow: "network" }), {
    why: "The connection is slow.",
    what: "Reduced to 12 frames a second, quality 40, 480 px.",
  });
  assert.deepEqual(reducedWords({ fps: 7.468, quality: null, width: null, slow: "server" }), {
    why: "The server is busy.",
    what: "Reduced to 7.5 frames a second.",
  });
  const { what } = reducedWords({ fps: 1, quality: null, width: null, slow: "device" });
  assert.equal(what, "Reduced to 1 frame a second.");
});
