import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../static/streamer/shared/backoff.js";

test("Pauses grow from half a second to thirty seconds and stay there.", () => {
  for (const random of [() => 0, () => 0.5, () => 0.999999]) {
    const backoff = new Backoff({ random });
    const pauses = Array.from({ length: 12 }, () => backoff.next());
    assert.ok(pauses[0] >= 500 && pauses[0] < 1_000, `${pauses[0]}`);
    for (let index = 1; index < pauses.length; index += 1) {
      assert.ok(pauses[index] >= pauses[index - 1], `${pauses}`);
    }
    assert.ok(pauses[11] >= 20_000 && pauses[11] <= 30_000, `${pauses[11]}`);
  }
});

test("Pauses grow whatever the jitter is.", () => {
  const jitters = [0.999999, 0];
  const backoff = new Backoff({ random: () => /** @type {number} */ (jitters.shift()) });
  const first = backoff.next();
  assert.ok(first < backoff.next());
});

test("Two pages that lost the server together come back apart.", () => {
  const early = new Backoff({ random: () => 0 });
  const late = new Backoff({ random: () => 0.9 });
  assert.ok(late.next() - early.next() > 200);
});

test("A success makes the next pause a short one.", () => {
  const backoff = new Backoff({ random: () => 0 });
  backoff.next();
  backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 500);
});

test("Years of failure do not overflow.", () => {
  const backoff = new Backoff({ random: () => 0 });
  for (let tries = 0; tries < 5_000; tries += 1) {
    backoff.next();
  }
  assert.equal(backoff.next(), 20_000);
});
