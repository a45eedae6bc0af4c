import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "../../static/streamer/shared/median.js";
import { Answers } from "../../static/streamer/webcam/answers.js";

/**
 * Ten answers a second for two seconds, the last at 2000.
 * @param {{age: number, server: number, roundTrip: number}} times
 */
function steady({ age, server, roundTrip }) {
  const answers = new Answers();
  for (let at = 100; at <= 2_000; at += 100) {
    answers.add({ captured: at - age, server, late: false, roundTrip }, at);
  }
  return answers;
}

test("The median is the middle one, or between the two in the middle.", () => {
  assert.equal(median([]), null);
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 7]), 6);
});

test("Age and rate are those of the last second.", () => {
  const answers = steady({ age: 80, server: 5, roundTrip: 70 });
  for (let at = 2_050; at <= 3_000; at += 50) {
    answers.add({ captured: at - 200, server: 5, late: false, roundTrip: 70 }, at);
  }
  assert.equal(answers.age(3_000, 0), 200);
  assert.ok(Math.abs(answers.rate - 20) < 1.5, `${answers.rate}`);
});

test("Where answers are rare, the last three tell.", () => {
  const answers = new Answers();
  for (const at of [2_000, 4_000, 6_000, 8_000]) {
    assert.equal(answers.age(at, 0) === null, at < 8_000);
    answers.add({ captured: at - 1_500, server: 5, late: false, roundTrip: 1_400 }, at);
  }
  assert.equal(answers.age(9_000, 0), 1_500);
});

test("What was captured before a restart does not count, nor does what still waits from then.", () => {
  const answers = steady({ age: 80, server: 5, roundTrip: 70 });
  answers.restart(2_000);
  answers.add({ captured: 1_990, server: 5, late: false, roundTrip: 70 }, 2_080);
  answers.add({ captured: 2_010, server: 5, late: false, roundTrip: 70 }, 2_090);
  answers.add({ captured: 2_020, server: 5, late: false, roundTrip: 70 }, 2_100);
  assert.equal(answers.age(2_100, 500), null);
  assert.equal(answers.age(2_400, 300), 80);
});

test("It is told where most of the time goes.", () => {
  assert.equal(steady({ age: 200, server: 10, roundTrip: 180 }).slow, "network");
  assert.equal(steady({ age: 200, server: 150, roundTrip: 180 }).slow, "server");
  assert.equal(steady({ age: 200, server: 10, roundTrip: 40 }).slow, "device");
});
