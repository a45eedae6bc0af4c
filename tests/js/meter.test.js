import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "../../static/streamer/shared/meter.js";

function clocked() {
  const clock = { now: 1_000 };
  return { clock, meter: new Meter(() => clock.now) };
}

test("Rates are those of the last two seconds.", () => {
  const { clock, meter } = clocked();
  for (let index = 0; index < 100; index += 1) {
    clock.now += 50;
    meter.sent(20_000);
    meter.received(30_000);
    meter.shown(40);
  }
  const figures = meter.read();
  assert.ok(Math.abs(figures.fpsUp - 20) <= 0.5, `${figures.fpsUp}`);
  assert.ok(Math.abs(figures.fpsDown - 20) <= 0.5, `${figures.fpsDown}`);
  assert.ok(Math.abs(figures.kbUp - 400) <= 10, `${figures.kbUp}`);
  assert.ok(Math.abs(figures.kbDown - 600) <= 15, `${figures.kbDown}`);
});

test("Rates are right before the window is full, and one frame is not a thousand a second.", () => {
  const { clock, meter } = clocked();
  meter.sent(1);
  assert.ok(meter.read().fpsUp <= 2);
  for (let index = 0; index < 20; index += 1) {
    clock.now += 50;
    meter.sent(1);
  }
  assert.ok(Math.abs(meter.read().fpsUp - 20) <= 1.1);
});

test("Rates fall to nothing when nothing comes.", () => {
  const { clock, meter } = clocked();
  meter.sent(1_000);
  meter.shown(20);
  clock.now += 10_000;
  assert.deepEqual(
    { ...meter.read() },
    { fpsUp: 0, fpsDown: 0, age: null, dropped: 0, kbUp: 0, kbDown: 0 },
  );
});

test("The age is the median, which one late picture does not move.", () => {
  const { meter } = clocked();
  for (const age of [40, 50, 42, 2_000, 44]) {
    meter.shown(age);
  }
  assert.equal(meter.read().age, 44);
  meter.shown(46);
  assert.equal(meter.read().age, 45);
});

test("Drops are the server's and our own, over every connection of a run.", () => {
  const { meter } = clocked();
  meter.serverDropped(3);
  meter.serverDropped(5);
  meter.lost();
  assert.equal(meter.read().dropped, 6);
  meter.newSession();
  meter.serverDropped(0);
  meter.serverDropped(2);
  assert.equal(meter.read().dropped, 8);
  meter.reset();
  assert.equal(meter.read().dropped, 0);
});

test("A meter that nobody reads does not grow.", () => {
  const { clock, meter } = clocked();
  let begun = 0;
  for (let index = 0; index < 200_000; index += 1) {
    clock.now += 33;
    meter.sent(1);
    begun = begun || performance.now();
  }
  // Kept events would make this quadratic: minutes instead of a moment.
  assert.ok(performance.now() - begun < 5_000);
  assert.ok(meter.read().fpsUp < 31);
});
