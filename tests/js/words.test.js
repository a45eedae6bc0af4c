import assert from "node:assert/strict";
import { test } from "node:test";
import { Herald } from "../../static/streamer/shared/herald.js";
import {
  detectorWords,
  seenWords,
  sentence,
  untilWords,
} from "../../static/streamer/shared/words.js";

/** @type {[number, number]} */
const size = [640, 480];
/** @type {[number, number, number, number]} */
const box = [1, 2, 3, 4];

test("What is seen is said in words.", () => {
  const happy = { label: "happy", confidence: 0.871 };
  assert.equal(
    seenWords({ size, motion: [box], faces: [{ box, emotion: happy }] }),
    "1 face, happy 87%, motion",
  );
  assert.equal(seenWords({ size, faces: [{ box }, { box }] }), "2 faces");
});

test("Without confidences the words do not change with every frame.", () => {
  const faces = [{ box, emotion: { label: "happy", confidence: 0.871 } }];
  assert.equal(
    seenWords({ size, faces, cups: { boxes: [{ box, confidence: 0.4 }] } }, false),
    "1 face, happy, cups",
  );
});

test("Nothing in sight and no detector are told apart.", () => {
  assert.equal(seenWords({ size, motion: [], faces: [] }), "Nothing in sight");
  assert.equal(seenWords({ size }), "No detector is on");
});

test("Where motion alone is looked for, somebody who stands still is not said to be out of sight.", () => {
  assert.equal(seenWords({ size, motion: [] }), "No motion");
  assert.equal(seenWords({ size, motion: [], cups: { boxes: [] } }), "Nothing in sight");
});

test("Anybody's own detector is told by its labels, or else by its name.", () => {
  const boxes = [{ box, label: "cup", confidence: 0.5 }, { box }];
  assert.equal(seenWords({ size, kitchen_things: { boxes, data: {} } }), "cup 50%, kitchen things");
  assert.equal(seenWords({ size, counter: { data: { n: 1 } } }), "Nothing in sight");
});

test("A detector's name is shown as words.", () => {
  assert.equal(detectorWords("motion"), "Motion");
  assert.equal(detectorWords("licence_plates"), "Licence plates");
});

test("A screen reader hears a change, and not more than one in five seconds.", () => {
  const herald = new Herald(5_000);
  assert.equal(herald.offer("1 face", 0), "1 face");
  assert.equal(herald.offer("2 faces", 1_000), null);
  assert.equal(herald.offer("3 faces", 5_000), "3 faces");
  assert.equal(herald.offer("3 faces", 60_000), null);
});

test("Until when is told by the time, and by the day where it is another.", () => {
  const now = new Date(2026, 0, 31, 14, 5);
  assert.equal(untilWords(new Date(2026, 0, 31, 18, 5), now), "until 18:05");
  assert.equal(untilWords(new Date(2026, 1, 1, 2, 5), now), "until Sunday 02:05");
  assert.equal(untilWords(new Date(2026, 1, 20, 2, 5), now), "until 2026-02-20 02:05");
});

test("A program's words become a sentence.", () => {
  assert.equal(sentence("it is full"), "It is full.");
  assert.equal(sentence("Is it?"), "Is it?");
});
