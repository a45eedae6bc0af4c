import assert from "node:assert/strict";
import { test } from "node:test";
import { Choices } from "../../static/streamer/webcam/choices.js";
import {
  DEFAULTS,
  loadSettings,
  saveSettings,
  serverSettings,
  validSettings,
} from "../../static/streamer/webcam/settings.js";
import { HELLO } from "./fakes.js";

/** @returns {Storage} a fake of localStorage */
function fakeStorage() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => items.set(key, value),
  });
}

test("Settings are remembered.", () => {
  const storage = fakeStorage();
  const settings = {
    ...DEFAULTS,
    quality: 55,
    reply: /** @type {const} */ ("results"),
    camera: "x",
  };
  saveSettings(() => storage, settings);
  assert.deepEqual(
    loadSettings(() => storage),
    settings,
  );
});

test("Where storage is switched off the page works with the defaults.", () => {
  const off = () => {
    throw new Error("SecurityError");
  };
  assert.deepEqual(loadSettings(off), { ...DEFAULTS });
  saveSettings(off, DEFAULTS);
});

test("What is stored and no good is replaced by the default, value by value.", () => {
  const stored = {
    reply: "carrier pigeon",
    detectors: ["faces", 7],
    quality: 4_000,
    width: 641,
    camera: 3,
    facing: "up",
    selfView: 1,
  };
  assert.deepEqual(validSettings(stored), { ...DEFAULTS, detectors: ["faces"], quality: 95 });
  for (const junk of [null, 3, "x", []]) {
    assert.deepEqual(validSettings(junk), { ...DEFAULTS });
  }
});

test("The server is told what concerns it, and only detectors that it has.", () => {
  const settings = { ...DEFAULTS, detectors: ["faces", "gone"] };
  assert.deepEqual(serverSettings(settings, ["motion", "faces"]), {
    reply: "base64",
    quality: 70,
    width: 640,
    detectors: ["faces"],
  });
});

test("Who never chose detectors gets those of the server.", () => {
  assert.equal("detectors" in serverSettings(DEFAULTS, ["motion"]), false);
  const choices = new Choices({ ...DEFAULTS });
  choices.hello(HELLO);
  assert.deepEqual(choices.on, ["motion"]);
  choices.answered({ ...HELLO.settings, detectors: ["motion", "faces"] });
  assert.equal(choices.settings.detectors, null);
  assert.deepEqual(choices.on, ["motion", "faces"]);
});

test("The toggles follow what the server has put in force.", () => {
  const choices = new Choices({ ...DEFAULTS });
  choices.hello(HELLO);
  choices.change({ detectors: ["landmarks"] });
  const kept = choices.answered({ ...HELLO.settings, detectors: ["faces", "landmarks"] });
  assert.deepEqual(choices.on, ["faces", "landmarks"]);
  assert.deepEqual(choices.settings.detectors, ["faces", "landmarks"]);
  assert.ok(!kept.includes("landmarks"));
});

test("A detector that cannot be switched off is named.", () => {
  const choices = new Choices({ ...DEFAULTS, detectors: ["faces", "landmarks"] });
  choices.hello(HELLO);
  choices.change({ detectors: ["landmarks"] });
  const kept = choices.answered({ ...HELLO.settings, detectors: ["faces", "landmarks"] });
  assert.deepEqual(kept, ["faces"]);
});

test("A refused change goes back to what was agreed, and leaves the camera alone.", () => {
  const choices = new Choices({ ...DEFAULTS, quality: 60 });
  choices.hello(HELLO);
  choices.change({ quality: 95, camera: "back" });
  choices.refused();
  assert.equal(choices.settings.quality, 60);
  assert.equal(choices.settings.camera, "back");
});
