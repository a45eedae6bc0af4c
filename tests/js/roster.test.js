import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster } from "../../static/streamer/wall/roster.js";
import { fakeTimers, settle } from "./fakes.js";

/** @param {(() => Response)[]} answers one after the other, the last again and again */
function asked(...answers) {
  return askedBy(false, ...answers);
}

/**
 * @param {boolean} isByLink
 * @param {(() => Response)[]} answers
 */
function askedBy(isByLink, ...answers) {
  /** @type {any[]} */ const streams = [];
  /** @type {any[]} */ const troubles = [];
  const calls = { count: 0 };
  const roster = new Roster({
    url: "/api/streams",
    isByLink,
    ask: async () => {
      const answer = answers[Math.min(calls.count, answers.length - 1)];
      calls.count += 1;
      return answer();
    },
    on: { streams: (told) => streams.push(told), trouble: (trouble) => troubles.push(trouble) },
  });
  return { roster, streams, troubles, calls };
}

const one = () => Response.json({ streams: [{ name: "porch" }] });

test("The list is asked for again and again, until it is stopped.", async (t) => {
  const timers = fakeTimers(t);
  const { roster, streams, calls } = asked(one);
  roster.start();
  await settle();
  timers.pass(2_500);
  await settle();
  assert.deepEqual(streams, [[{ name: "porch" }], [{ name: "porch" }]]);
  roster.stop();
  timers.pass(60_000);
  await settle();
  assert.equal(calls.count, 2);
});

test("What comes after it was stopped is not told.", async (t) => {
  fakeTimers(t);
  const { roster, streams } = asked(one);
  roster.start();
  roster.stop();
  await settle();
  assert.deepEqual(streams, []);
});

test("A server that is away is asked more and more seldom, and told of.", async (t) => {
  const timers = fakeTimers(t);
  const { roster, troubles, calls } = asked(() => {
    throw new TypeError("Failed to fetch");
  });
  roster.start();
  await settle();
  assert.equal(troubles[0].title, "The server does not answer");
  assert.equal(troubles[0].isStranger, false);
  timers.pass(30_000);
  await settle();
  assert.equal(calls.count, 2);
  roster.stop();
});

test("Whoever is not known any more is told so, in the server's words.", async (t) => {
  fakeTimers(t);
  const detail = "Expected a log-in or a link, came neither. Log in, or ask for a link.";
  const { roster, troubles } = asked(() => Response.json({ detail }, { status: 401 }));
  roster.start();
  await settle();
  assert.equal(troubles[0].isStranger, true);
  assert.match(troubles[0].title, /not logged in any more/);
  assert.equal(troubles[0].remedy, detail);
  roster.stop();
});

test("Whoever came by a link never was logged in, and is not told of it.", async (t) => {
  fakeTimers(t);
  const detail = "This link has expired. Ask who sent it for a new one.";
  const { roster, troubles } = askedBy(true, () => Response.json({ detail }, { status: 401 }));
  roster.start();
  await settle();
  const title = "You may not watch this any more";
  assert.deepEqual(troubles, [{ title, remedy: detail, isStranger: true }]);
  roster.stop();
});

test("What is no JSON is a server that does not answer.", async (t) => {
  fakeTimers(t);
  const { roster, troubles } = asked(() => new Response("<html>"));
  roster.start();
  await settle();
  assert.equal(troubles[0].isStranger, false);
  roster.stop();
});
