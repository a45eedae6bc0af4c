import assert from "node:assert/strict";
import { test } from "node:test";
import {
  agoWords,
  countsWords,
  rateWords,
  stateWords,
  troubleWords,
  viewersWords,
  wallWords,
} from "../../static/streamer/wall/words.js";

test("A state is told with the server's reason, or else with what is usual.", () => {
  assert.deepEqual(stateWords("failed", "nothing listens there"), {
    title: "No picture",
    detail: "Nothing listens there.",
  });
  assert.match(stateWords("failed").detail, /No answer from the camera\. Trying again\./);
  assert.deepEqual(stateWords("live", "never mind"), { title: "Live", detail: "" });
});

test("What the list says of what is seen is told in words.", () => {
  assert.equal(countsWords({ motion: true, faces: 2 }), "motion, 2 faces");
  assert.equal(
    countsWords({ motion: false, faces: 1, licence_plates: 3 }),
    "1 face, licence plates 3",
  );
  assert.equal(countsWords({ motion: false, faces: 0 }), "Nothing in sight");
  assert.equal(countsWords({ motion: false }), "No motion");
  assert.equal(countsWords({}), "");
  assert.equal(countsWords(null), "");
});

test("Numbers are short enough to stand still.", () => {
  assert.equal(rateWords(29.87), "30");
  assert.equal(rateWords(7.46), "7.5");
  assert.equal(rateWords(null), "–");
  assert.equal(viewersWords(0), "nobody watching");
  assert.equal(viewersWords(3), "3 watching");
});

test("How old a picture is that stands still, from seconds to hours.", () => {
  assert.equal(agoWords(200), "1 s ago");
  assert.equal(agoWords(12_400), "12 s ago");
  assert.equal(agoWords(150_000), "3 min ago");
  assert.equal(agoWords(3 * 3_600_000), "3 h ago");
});

test("The wall is summed up, and what is wrong with it is told by name.", () => {
  assert.equal(wallWords(["live"]), "1 camera");
  assert.equal(wallWords(["live", "closed", "closed"]), "3 cameras");
  assert.equal(wallWords(["live", "failed", "frozen"]), "3 cameras, 2 without a picture");
  const accounts = new Map([
    ["porch", { state: /** @type {const} */ ("live"), title: "Live" }],
    ["shed", { state: /** @type {const} */ ("failed"), title: "No picture" }],
  ]);
  assert.equal(troubleWords(accounts), "shed: no picture.");
});
