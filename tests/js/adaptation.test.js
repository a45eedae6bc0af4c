import assert from "node:assert/strict";
import { test } from "node:test";
import { Adaptation } from "../../static/streamer/webcam/adaptation.js";
import { bytes, Simulation } from "./simulation.js";

/** The target, and a camera's interval besides: an age is counted in whole ones. */
const IN_TIME = 150;
const SETTLING = 30;
const FULL = { fps: null, quality: 70, width: 640 };

/** @param {number} rate bytes a second each way */
function slow(rate) {
  return { up: rate, down: rate, latency: 20 };
}

/** @param {Simulation} simulation */
function settled(simulation) {
  return simulation.run(SETTLING).run(60).last(60);
}

test("On a fast link everything is sent: 30 frames a second, in full quality and width.", () => {
  const simulation = new Simulation({});
  const { age, fps } = settled(simulation);
  assert.ok(age < 40 && fps > 29.5, `${age} ms, ${fps} fps`);
  assert.deepEqual(simulation.changes, []);
});

for (const rate of [150_000, 300_000, 500_000, 1_000_000, 2_000_000]) {
  test(`At ${rate / 1_000} KB/s pictures are in time, and what the link has is used.`, () => {
    const { age, fps, up, reversals } = settled(new Simulation(slow(rate)));
    assert.ok(age < IN_TIME, `${age} ms`);
    assert.ok(fps >= 10, `${fps} fps`);
    // What comes back is in base64 and makes the link's use 4/3 of this in the other direction.
    assert.ok(up * 2 > rate * 0.55 || fps > 25, `${up} bytes a second`);
    assert.ok(reversals <= 4, `${reversals} reversals a minute`);
  });
}

test("On a link that is too slow for the target, pictures are near as new as it lets them be.", () => {
  for (const rate of [60_000, 30_000, 10_000]) {
    // One picture there, one back in base64, the way itself, and what simulated ends take.
    const least = (bytes({ quality: 40, width: 320 }) / rate) * (7 / 3) * 1_000 + 40 + 26;
    const { age, reversals } = settled(new Simulation(slow(rate)));
    assert.ok(age < least * 1.15, `${rate} bytes a second: ${age} ms`);
    assert.ok(reversals <= 4, `${reversals} reversals a minute`);
  }
});

test("Jitter is no reason to swing.", () => {
  const conditions = { latency: 10, jitter: 80, up: 2_000_000, down: 2_000_000 };
  const { age, fps, changes, reversals } = settled(new Simulation(conditions));
  assert.ok(age < IN_TIME, `${age} ms`);
  assert.ok(fps >= 10, `${fps} fps`);
  assert.ok(changes <= 10 && reversals <= 4, `${changes} changes, ${reversals} reversals`);
});

test("A jitter that leaves pictures in time changes nothing.", () => {
  const simulation = new Simulation({ latency: 5, jitter: 30 });
  settled(simulation);
  assert.deepEqual(simulation.changes, []);
});

test("A way that is far is no reason to give anything up.", () => {
  const simulation = new Simulation({ latency: 150 });
  const { age } = settled(simulation);
  assert.ok(age < 370, `${age} ms`);
  assert.deepEqual(simulation.changes, []);
});

test("Where lowering does not help, all of it is taken back.", () => {
  const unknown = new Simulation({ latency: 150 }, { idle: false });
  unknown.run(10);
  assert.deepEqual(unknown.adaptation.rung, FULL);
  unknown.run(60);
  assert.equal(unknown.last(60).changes, 0);
  const farther = new Simulation({ latency: 10 }).run(20);
  farther.change({ latency: 150 });
  farther.run(10);
  assert.deepEqual(farther.adaptation.rung, FULL);
  farther.change({ latency: 10 });
  farther.run(10);
  assert.ok(farther.last(5).fps > 29);
});

test("After a stall of three seconds it goes on as before, at once.", () => {
  const simulation = new Simulation({}).run(20);
  simulation.change({ stopped: true });
  simulation.run(3);
  simulation.change({ stopped: false });
  simulation.run(1);
  assert.ok(simulation.last(0.5).age < 60, `${simulation.last(0.5).age} ms`);
  assert.ok(simulation.last(0.5).fps >= 28, `${simulation.last(0.5).fps} fps`);
  simulation.run(30);
  assert.deepEqual(simulation.changes, []);
});

test("Stall after stall, a good link stays one.", () => {
  const simulation = new Simulation({}).run(5);
  for (let time = 0; time < 5; time += 1) {
    simulation.change({ stopped: true });
    simulation.run(2);
    simulation.change({ stopped: false });
    simulation.run(2);
  }
  assert.deepEqual(simulation.changes, []);
});

test("A stall on a slow link loses no more than a step.", () => {
  const simulation = new Simulation(slow(300_000)).run(SETTLING);
  const before = simulation.adaptation.rung;
  simulation.change({ stopped: true });
  simulation.run(3);
  simulation.change({ stopped: false });
  simulation.run(10);
  assert.equal(simulation.adaptation.rung.quality, before.quality);
  assert.equal(simulation.adaptation.rung.width, before.width);
  assert.ok(simulation.last(5).age < IN_TIME);
});

test("A server that takes its time over the first frames is not taken for a slow link.", () => {
  const simulation = new Simulation({ stopped: true }).run(1.5);
  simulation.change({ stopped: false });
  simulation.run(20);
  assert.deepEqual(simulation.changes, []);
});

test("A link that halves is followed within seconds, and so is its return.", () => {
  const simulation = new Simulation(slow(1_200_000)).run(20);
  assert.deepEqual(simulation.changes, []);
  simulation.change(slow(600_000));
  simulation.run(5);
  assert.ok(simulation.run(15).last(15).age < IN_TIME, `${simulation.last(15).age} ms`);
  simulation.change(slow(1_200_000));
  simulation.run(12);
  assert.deepEqual(simulation.adaptation.rung, FULL);
});

test("After minutes on a slow link, a fast one is used within ten seconds.", () => {
  const simulation = new Simulation(slow(100_000)).run(300);
  assert.equal(simulation.adaptation.rung.width, 320);
  simulation.change(slow(2_000_000));
  simulation.run(12);
  assert.deepEqual(simulation.adaptation.rung, FULL);
});

test("A slow server is spared frames; quality and width are kept, since they are no help.", () => {
  const simulation = new Simulation({ service: 200 });
  const { age, reversals } = settled(simulation);
  const { quality, width } = simulation.adaptation.rung;
  assert.deepEqual({ quality, width }, { quality: 70, width: 640 });
  assert.ok(age < 300 && reversals <= 6, `${age} ms, ${reversals} reversals`);
  assert.equal(simulation.adaptation.slow, "server");
});

test("However slow the server is, pictures are about as new as the best of fixed rates has them.", () => {
  for (let service = 60; service <= 300; service += 5) {
    const fixed = [30, 15, 10, 7, 5, 3, 2].map((fps) => {
      const simulation = new Simulation({ service });
      simulation.adaptation.judge = () => false;
      simulation.pacer.limit("age", fps);
      return simulation.run(10).last(8).age;
    });
    const { age } = settled(new Simulation({ service }));
    const best = Math.max(IN_TIME, Math.min(...fixed));
    assert.ok(age <= best * 1.35, `${service} ms: ${age} ms, ${best} ms could be had`);
  }
});

test("Where a slow server gets a slow link besides, smaller pictures are tried after all.", () => {
  const simulation = new Simulation({ service: 200 }).run(40);
  simulation.change(slow(60_000));
  const { age } = settled(simulation);
  assert.equal(simulation.adaptation.rung.width, 320);
  assert.ok(age < 500, `${age} ms`);
});

test("Frames are given up first, then quality, then width.", () => {
  const simulation = new Simulation({ latency: 20, up: 80_000, down: 110_000 }).run(8);
  const first = (/** @type {(change: import("./simulation.js").Change) => boolean} */ given) =>
    simulation.changes.findIndex(given);
  const rate = first(({ fps }) => fps < 30);
  const quality = first((change) => change.quality < 70);
  const width = first((change) => change.width < 640);
  assert.ok(rate === 0 && quality >= rate && width >= quality, `${rate} ${quality} ${width}`);
});

test("What the user has chosen is never passed.", () => {
  const simulation = new Simulation(slow(2_000_000), { quality: 45, width: 320 }).run(30);
  simulation.change(slow(20_000));
  simulation.run(30);
  simulation.change(slow(2_000_000));
  simulation.run(60);
  for (const { quality, width } of simulation.changes) {
    assert.ok(quality <= 45 && width <= 320);
  }
  assert.deepEqual(simulation.adaptation.rung, { fps: null, quality: 45, width: 320 });
});

test("The server's own pace is not fought: it is kept, and nothing is given up for it.", () => {
  const simulation = new Simulation({});
  simulation.pacer.obey({ window: 1, fps: 8 });
  assert.ok(settled(simulation).fps < 8.5);
  assert.deepEqual(simulation.changes, []);
  simulation.pacer.obey({ window: 2, fps: null });
  assert.ok(simulation.run(10).last(5).fps > 29);
});

test("A reduced picture stays reduced when the user changes the ceiling, and a new session begins.", () => {
  const simulation = new Simulation(slow(100_000)).run(15);
  const { adaptation, now } = simulation;
  assert.equal(adaptation.rung.width, 320);
  adaptation.limit({ quality: 90, width: 1280 }, now);
  assert.deepEqual([adaptation.rung.quality, adaptation.rung.width], [40, 320]);
  adaptation.open(now);
  assert.equal(adaptation.rung.width, 320);
});

test("A way that was seen to be short does not grow long by a later message.", () => {
  const simulation = new Simulation({ latency: 20 });
  simulation.adaptation.idle(60_000);
  simulation.change(slow(100_000));
  assert.ok(settled(simulation).age < 300, `${simulation.last(60).age} ms`);
});

test("Too few answers tell nothing.", () => {
  const adaptation = new Adaptation();
  adaptation.open(0);
  const answer = { captured: 0, server: 5, late: false, roundTrip: 900 };
  adaptation.answered(answer, 900);
  adaptation.answered(answer, 1_000);
  assert.equal(adaptation.judge(1_000, 100), false);
  assert.equal(adaptation.slow, null);
});

test("A frame that waits for its answer counts with the age that it has reached.", () => {
  const adaptation = new Adaptation();
  adaptation.open(0);
  for (const at of [900, 1_400]) {
    adaptation.answered({ captured: at - 800, server: 5, late: false, roundTrip: 800 }, at);
  }
  adaptation.judge(1_500, 0);
  assert.equal(adaptation.judge(1_750, 1_000), true);
  assert.equal(adaptation.slow, "network");
});
