import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "../../static/streamer/shared/meter.js";
import { Session } from "../../static/streamer/webcam/session.js";
import { DEFAULTS } from "../../static/streamer/webcam/settings.js";
import {
  FakeCanvas,
  FakeMedia,
  FakePermissions,
  FakeVideo,
  fakeServer,
  fakeWorkers,
  HELLO,
  resultText,
  settle,
} from "./fakes.js";

const UNHEARD = {
  hello: () => {},
  refused: () => {},
  error: () => {},
  camera: () => {},
  devices: () => {},
  sharing: () => {},
};

/**
 * A session on a fake camera, a fake server and a clock of its own.
 * @param {any[]} [granted] takes the settings that it tells to be in force
 */
function begun(granted = []) {
  const clock = { now: 10_000 };
  const now = () => clock.now;
  const { sockets, openSocket } = fakeServer();
  const media = new FakeMedia();
  const permissions = new FakePermissions();
  const video = new FakeVideo();
  /** @type {import("../../static/streamer/webcam/settings.js").Settings} */
  const settings = { ...DEFAULTS };
  /** @type {any[]} */ const states = [];
  /** @type {number[]} */ const results = [];
  const meter = new Meter(now);
  const session = new Session({
    video: /** @type {any} */ (video),
    url: "ws://host/",
    settings: () => settings,
    meter,
    now,
    environment: /** @type {any} */ ({ media, permissions, href: "http://192.168.1.7:8000/" }),
    openSocket,
    online: () => true,
    on: {
      ...UNHEARD,
      state: (state) => states.push(state),
      settings: (inForce) => granted.push(inForce),
      result: ({ seq }) => results.push(seq),
    },
  });
  /** The camera gives a picture. */
  const frame = async () => {
    video.frame(clock.now);
    await settle();
  };
  return {
    clock,
    sockets,
    media,
    permissions,
    video,
    settings,
    states,
    results,
    meter,
    session,
    frame,
  };
}

/**
 * The same, with the camera granted and the server's hello heard.
 * @param {any[]} [granted]
 */
async function running(granted) {
  const parts = begun(granted);
  parts.session.start();
  await settle();
  parts.sockets[0].says(HELLO);
  return parts;
}

test("The camera is asked first; the socket opens only after it is granted.", async () => {
  const { session, media, sockets } = begun();
  let grant = () => {};
  media.consent = new Promise((resolve) => {
    grant = resolve;
  });
  session.start();
  await settle();
  assert.equal(session.state.name, "asking");
  assert.equal(sockets.length, 0);
  grant();
  await settle();
  assert.equal(sockets.length, 1);
  assert.equal(session.state.name, "connecting");
  session.stop();
});

test("Stop turns the camera off and closes the socket; Start works again.", async () => {
  const { session, media, sockets, video } = await running();
  session.stop();
  assert.equal(media.tracks[0].stopped, true);
  assert.equal(video.srcObject, null);
  assert.equal(sockets[0].closedWith, 1000);
  assert.equal(session.state.name, "idle");
  session.start();
  await settle();
  assert.equal(sockets.length, 2);
  assert.equal(media.tracks[1].stopped, false);
  session.stop();
});

test("Stop while the browser still asks for the camera leaves no camera on.", async () => {
  const { session, media, sockets } = begun();
  let grant = () => {};
  media.consent = new Promise((resolve) => {
    grant = resolve;
  });
  session.start();
  session.stop();
  grant();
  await settle();
  assert.equal(media.tracks[0].stopped, true);
  assert.equal(sockets.length, 0);
});

test("Frames go up to the window, and the next one goes when credit comes.", async () => {
  const { session, sockets, clock, frame, results } = await running();
  for (let index = 0; index < 6; index += 1) {
    clock.now += 34;
    await frame();
  }
  assert.deepEqual(sockets[0].frames, [1, 2]);
  sockets[0].says(resultText(1));
  await settle();
  assert.deepEqual(sockets[0].frames, [1, 2, 3]);
  assert.deepEqual(results, [1]);
  assert.equal(session.state.name, "live");
  session.stop();
});

test("Credit without a new picture sends nothing twice.", async () => {
  const { session, sockets, clock, frame } = await running();
  clock.now += 34;
  await frame();
  sockets[0].says(resultText(1));
  await settle();
  assert.deepEqual(sockets[0].frames, [1]);
  session.stop();
});

test("An error about a frame gives its credit back.", async () => {
  const { session, sockets, clock, frame } = await running();
  for (let index = 0; index < 3; index += 1) {
    clock.now += 34;
    await frame();
  }
  sockets[0].says({ type: "error", code: 4000, message: "not a JPEG", seq: 2 });
  await settle();
  assert.deepEqual(sockets[0].frames, [1, 2, 3]);
  session.stop();
});

test("A picture of too many bytes is sent smaller and coarser.", async (t) => {
  t.after(() => {
    FakeCanvas.bytes = 1_000;
  });
  const { session, sockets, clock, frame } = await running();
  FakeCanvas.bytes = 1_000_000;
  FakeCanvas.encoded = [];
  clock.now += 34;
  await frame();
  assert.deepEqual(sockets[0].frames, [1]);
  assert.ok(/** @type {Uint8Array} */ (sockets[0].sent.at(-1)).length <= 524_288);
  assert.ok(FakeCanvas.encoded.length > 1);
  assert.ok(FakeCanvas.encoded[1].width < 640);
  session.stop();
});

test("A turned phone goes on, in its new shape.", async () => {
  const { session, sockets, clock, frame, video } = await running();
  clock.now += 34;
  await frame();
  [video.videoWidth, video.videoHeight] = [480, 640];
  clock.now += 34;
  await frame();
  assert.deepEqual(sockets[0].frames, [1, 2]);
  const { width, height } = /** @type {{width: number, height: number}} */ (
    FakeCanvas.encoded.at(-1)
  );
  assert.deepEqual([width, height], [480, 640]);
  session.stop();
});

test("A hidden tab closes the socket and goes on by itself when it is seen.", async () => {
  const { session, sockets, media, frame } = await running();
  session.show(false);
  assert.equal(sockets[0].closedWith, 1000);
  assert.equal(session.state.name, "paused");
  await frame();
  assert.equal(sockets.length, 1);
  session.show(true);
  assert.equal(sockets.length, 2);
  assert.equal(media.tracks.length, 1);
  assert.equal(media.tracks[0].stopped, false);
  session.stop();
});

test("Another camera is taken without closing the socket.", async () => {
  const { session, sockets, media, settings } = await running();
  media.plugged = ["front", "back"];
  settings.camera = "back";
  session.changeCamera();
  await settle();
  assert.equal(media.tracks[0].stopped, true);
  assert.equal(media.tracks[1].deviceId, "back");
  assert.equal(sockets.length, 1);
  assert.equal(sockets[0].closedWith, null);
  session.stop();
});

test("A camera that was unplugged is told, and taken again when it is back.", async () => {
  const { session, sockets, media } = await running();
  media.plugged = ["other"];
  media.tracks[0].onended?.();
  assert.equal(session.state.name, "camera");
  assert.equal(session.state.fault?.title, "The camera is gone");
  assert.equal(sockets[0].closedWith, 1000);
  media.plug(["other"]);
  await settle();
  assert.equal(media.tracks.length, 1, "no other camera is switched on unasked");
  media.plug(["other", "front"]);
  await settle();
  assert.equal(media.tracks[1].deviceId, "front");
  assert.equal(sockets.length, 2);
  assert.equal(session.state.name, "connecting");
  session.stop();
});

test("Where there is no camera, the one that is plugged in later is taken.", async () => {
  const { session, media, sockets } = begun();
  media.plugged = [];
  session.start();
  await settle();
  assert.equal(session.state.fault?.title, "No camera was found");
  media.plug(["front"]);
  await settle();
  assert.equal(sockets.length, 1);
  session.stop();
});

test("A remembered camera that is not there today gives way to any other.", async () => {
  const { session, media, sockets, settings } = begun();
  settings.camera = "of another day";
  session.start();
  await settle();
  assert.equal(media.tracks[0].deviceId, "front");
  assert.equal(sockets.length, 1);
  session.stop();
});

test("A refused camera stops with the remedy, and starts by itself once it is allowed.", async () => {
  const { session, media, permissions, sockets } = begun();
  await settle();
  media.refusal = "NotAllowedError";
  session.start();
  await settle();
  assert.equal(session.state.name, "failed");
  assert.match(session.state.fault?.remedy ?? "", /beside the address/);
  media.refusal = null;
  permissions.grant();
  await settle();
  assert.equal(sockets.length, 1);
  assert.equal(session.state.name, "connecting");
  session.stop();
});

test("After Stop a permission switches nothing on.", async () => {
  const { session, media, permissions } = begun();
  await settle();
  media.refusal = "NotAllowedError";
  session.start();
  await settle();
  session.stop();
  media.refusal = null;
  permissions.grant();
  await settle();
  assert.equal(media.tracks.length, 0);
});

test("A page that gets no camera at all says where to open it.", async () => {
  const parts = begun();
  const session = new Session({
    .../** @type {any} */ ({
      video: parts.video,
      url: "ws://host/",
      settings: () => parts.settings,
      meter: parts.meter,
      now: () => 0,
      on: { state: () => {} },
    }),
    environment: { media: undefined, permissions: undefined, href: "http://192.168.1.7:8000/" },
  });
  session.start();
  await settle();
  assert.equal(session.state.name, "failed");
  assert.match(session.state.fault?.remedy ?? "", /http:\/\/localhost:8000/);
});

test("A silent server is told within a second, and given up after ten.", async () => {
  const { session, sockets, clock, frame, states } = await running();
  clock.now += 34;
  await frame();
  clock.now += 30;
  sockets[0].says(resultText(1));
  await frame();
  clock.now += 800;
  session.tick();
  assert.equal(states.at(-1).name, "quiet");
  clock.now += 9_500;
  session.tick();
  assert.equal(states.at(-1).name, "waiting");
  assert.equal(sockets[0].closedWith, 1005);
  session.stop();
});

test("Results that a stall held back are acknowledged, counted, and not shown.", async () => {
  const { session, sockets, clock, frame, results, meter } = await running();
  clock.now += 34;
  await frame();
  sockets[0].says(resultText(1));
  clock.now += 34;
  await frame();
  clock.now += 2_000;
  sockets[0].says(resultText(2));
  assert.deepEqual(results, [1]);
  assert.equal(meter.read().dropped, 1);
  await frame();
  assert.deepEqual(sockets[0].frames, [1, 2, 3]);
  session.stop();
});

test("A change of settings goes to the server over the same socket.", async () => {
  const { session, sockets, settings } = await running();
  settings.quality = 40;
  settings.reply = "results";
  session.changeSettings();
  assert.deepEqual(sockets[0].told.at(-1), {
    type: "settings",
    reply: "results",
    quality: 40,
    width: 640,
  });
  assert.equal(sockets.length, 1);
  session.stop();
});

/**
 * Frames that come back late, one after another.
 * @param {Awaited<ReturnType<typeof running>>} parts
 * @param {number} age milliseconds
 * @param {number} count
 * @param {Record<string, number>} [ms] where the server's time goes
 */
async function exchangeLate({ sockets, clock, frame }, age, count, ms = {}) {
  for (let index = 0; index < count; index += 1) {
    clock.now += 40;
    await frame();
    clock.now += age;
    sockets[0].says(resultText(/** @type {number} */ (sockets[0].frames.at(-1)), { ms }));
    await settle();
  }
}

test("Where pictures come late, less is sent, and the returned ones are asked for in as low a quality.", async () => {
  /** @type {any[]} */ const granted = [];
  const parts = await running(granted);
  const { session, sockets } = parts;
  assert.equal(session.reduced, null);
  FakeCanvas.encoded = [];
  await exchangeLate(parts, 400, 4);
  assert.deepEqual(session.reduced, { fps: 10, quality: 40, width: null, slow: "network" });
  assert.equal(FakeCanvas.encoded.at(-1)?.quality, 0.4);
  const told = sockets[0].told.at(-1);
  assert.deepEqual([told.quality, told.width], [40, 640]);
  // What the user has chosen is not turned by the answers.
  for (const { type, ...inForce } of sockets[0].told) {
    sockets[0].says({ type, ...HELLO.settings, ...inForce });
  }
  assert.equal(granted.at(-1).quality, 70);
  session.stop();
});

test("After refused settings, the time until a later change is not taken for a long way.", async () => {
  const parts = await running();
  const { session, sockets, clock, settings } = parts;
  sockets[0].says({ type: "error", code: 4007, message: "quality: expected 1 to 100" });
  clock.now += 60_000;
  settings.quality = 60;
  session.changeSettings();
  sockets[0].says({ ...HELLO.settings, type: "settings", quality: 60 });
  await exchangeLate(parts, 400, 4);
  assert.notEqual(session.reduced, null);
  session.stop();
});

test("A new connection goes on with the quality that is sent, and says so.", async () => {
  const parts = await running();
  const { session, sockets } = parts;
  await exchangeLate(parts, 400, 4);
  session.show(false);
  session.show(true);
  sockets[1].says(HELLO);
  assert.equal(sockets[1].told[0].quality, 40);
  session.stop();
});

test("The server's own pace is told as the server's.", async () => {
  const { session, sockets } = await running();
  sockets[0].says({ type: "pace", window: 1, fps: 12 });
  assert.deepEqual(session.reduced, { fps: 12, quality: null, width: null, slow: "server" });
  sockets[0].says({ type: "pace", window: 2, fps: null });
  assert.equal(session.reduced, null);
  session.stop();
});

test("A hidden page lets go of the server, but not while it is shared.", async (t) => {
  const workers = fakeWorkers(t);
  const { session, sockets, states } = begun();
  session.start();
  await settle();
  sockets[0].says(HELLO);
  session.sharing.share();
  session.show(false);
  assert.equal(sockets[0].closedWith, null);
  assert.equal(workers.length, 1);
  assert.notEqual(states.at(-1).name, "paused");
  // A hidden page is told of no new picture by its video.
  workers[0].onmessage();
  await settle();
  assert.deepEqual(sockets[0].frames, [1]);
  session.sharing.unshare();
  assert.equal(sockets[0].closedWith, 1000);
  assert.equal(workers[0].ended, true);
  assert.equal(states.at(-1).name, "paused");
});

test("Stop ends the sharing as well.", async () => {
  const { session, sockets } = begun();
  session.start();
  await settle();
  sockets[0].says(HELLO);
  session.sharing.share();
  session.stop();
  assert.equal(session.sharing.state.name, "off");
});
