import assert from "node:assert/strict";
import { test } from "node:test";
import { Newest } from "../../static/streamer/shared/newest.js";
import { settle } from "./fakes.js";

test("One thing at a time, then the newest of what came meanwhile; the others are lost.", async () => {
  /** @type {number[]} */ const done = [];
  /** @type {number[]} */ const lost = [];
  /** @type {(() => void)[]} */ const ends = [];
  /** @type {Newest<number>} */
  const newest = new Newest({
    work: async () => {
      done.push(newest.take() ?? -1);
      await new Promise((resolve) => ends.push(() => resolve(null)));
    },
    lost: (item) => lost.push(item),
  });
  newest.offer(1);
  newest.offer(2);
  newest.offer(3);
  assert.deepEqual(done, [1]);
  ends[0]();
  await settle();
  assert.deepEqual(done, [1, 3]);
  assert.deepEqual(lost, [2]);
  newest.offer(4);
  assert.equal(newest.take(), 4);
  ends[1]();
  await settle();
  assert.deepEqual(done, [1, 3]);
});
