/** The page: joins the parts. The only module that knows the ids of the page's elements. */

import { find } from "../shared/find.js";
import { FullScreen } from "../shared/full-screen.js";
import { Herald } from "../shared/herald.js";
import { Meter } from "../shared/meter.js";
import { Notice, Remark, write } from "../shared/notice.js";
import { socketUrl, WEBCAM_PATH } from "../shared/protocol.js";
import { download, saveName } from "../shared/save.js";
import { detectorWords, seenWords } from "../shared/words.js";
import { Choices } from "./choices.js";
import { Controls } from "./controls.js";
import { Display } from "./display.js";
import { Figures } from "./figures.js";
import { Session } from "./session.js";
import { loadSettings, saveSettings } from "./settings.js";
import { SharingPanel } from "./sharing-panel.js";
import { Stage } from "./stage.js";
import { PRIVACY, statusWords } from "./status.js";
import { Wake } from "./wake.js";

/** How often figures and words change, milliseconds: often enough to be live, seldom enough to be read. */
const TICK = 250;
const CHART_TICK = 1_000;
/** A screen reader is told what is seen no more often than this, milliseconds. */
const HEARD_PAUSE = 5_000;

const now = () => performance.now();
const storage = () => localStorage;

const video = find("video", HTMLVideoElement);
const toggle = find("toggle", HTMLButtonElement);
const toggleText = find("toggle-text", HTMLElement);
const save = find("save", HTMLButtonElement);
const switcher = find("switch", HTMLButtonElement);
const selfView = find("self", HTMLButtonElement);
const status = find("status", HTMLElement);
const seen = find("seen", HTMLElement);
const heard = find("heard", HTMLElement);

/** @type {import("./camera.js").CameraInfo | null} */
let camera = null;
/** @type {import("../shared/protocol.js").Detections | null} */
let detections = null;

const choices = new Choices(loadSettings(storage));
const meter = new Meter(now);
const wake = new Wake();
const herald = new Herald(HEARD_PAUSE);
const remark = new Remark(find("remark", HTMLElement));
const notice = new Notice({
  root: find("notice", HTMLElement),
  title: find("notice-title", HTMLElement),
  remedy: find("notice-remedy", HTMLElement),
});
const stage = new Stage(find("stage", HTMLElement), video);
const display = new Display({
  img: find("result", HTMLImageElement),
  canvas: find("overlay", HTMLCanvasElement),
  video,
  now,
  on: { shown: (age) => meter.shown(age), lost: () => meter.lost() },
});
const controls = new Controls(
  {
    camera: find("camera", HTMLSelectElement),
    detectors: find("detectors", HTMLElement),
    replies: [...document.querySelectorAll("input")].filter(({ name }) => name === "reply"),
    quality: find("quality", HTMLInputElement),
    qualityValue: find("quality-value", HTMLOutputElement),
    width: find("width", HTMLSelectElement),
  },
  change,
);
const figures = new Figures(
  {
    fpsUp: find("fps-up", HTMLElement),
    fpsDown: find("fps-down", HTMLElement),
    age: find("age", HTMLElement),
    dropped: find("dropped", HTMLElement),
    kbUp: find("kb-up", HTMLElement),
    kbDown: find("kb-down", HTMLElement),
  },
  {
    fps: find("chart-fps", HTMLElement),
    age: find("chart-age", HTMLElement),
    data: find("chart-data", HTMLElement),
  },
  { why: find("reduced-why", HTMLElement), what: find("reduced", HTMLElement) },
);
const sharing = new SharingPanel({
  share: () => session.sharing.share(),
  unshare: () => session.sharing.unshare(),
});
const session = new Session({
  video,
  url: socketUrl(location, WEBCAM_PATH),
  settings: () => choices.settings,
  meter,
  now,
  environment: {
    media: navigator.mediaDevices,
    permissions: navigator.permissions,
    href: location.href,
  },
  on: {
    state: showState,
    hello(hello) {
      choices.hello(hello);
      showChoices();
    },
    settings(inForce) {
      for (const name of choices.answered(inForce)) {
        remark.say(`${detectorWords(name)} stays on: another detector needs it.`);
      }
      showChoices();
    },
    refused({ message }) {
      choices.refused();
      showChoices();
      remark.say(`The server did not take that: ${message}`);
    },
    error({ seq, message }) {
      // Without a number it explains a close, and is told with that.
      if (seq !== undefined) {
        remark.say(`A picture was not used: ${message}`);
      }
    },
    sharing: showSharing,
    camera(info) {
      camera = info;
      showForm();
    },
    devices(cameras) {
      controls.showCameras(cameras, camera?.deviceId ?? choices.settings.camera);
      switcher.hidden = !controls.canSwitch;
    },
    result(result, captured) {
      detections = result.detections;
      display.show(result, captured);
    },
  },
});

/** @param {import("./status.js").State} state */
function showState(state) {
  const running = state.name !== "idle" && state.name !== "failed";
  stage.setState(state);
  notice.show(state.fault ?? null);
  write(status, statusWords(state));
  showSharing();
  write(toggleText, running ? "Stop" : "Start");
  toggle.classList.toggle("running", running);
  if (running) {
    wake.hold();
  } else {
    wake.release();
    display.clear();
    detections = null;
    heard.textContent = "";
  }
}

function showSharing() {
  sharing.show(session.sharing.state, isLive());
}

/** @param {Partial<import("./settings.js").Settings>} changed by the user */
function change(changed) {
  choices.change(changed);
  saveSettings(storage, choices.settings);
  showForm();
  if ("camera" in changed) {
    session.changeCamera();
  } else if (!("selfView" in changed)) {
    session.changeSettings();
  }
}

function showChoices() {
  saveSettings(storage, choices.settings);
  controls.show(choices.settings);
  controls.showDetectors(choices.offered, choices.on);
  showForm();
}

function showForm() {
  const { reply, selfView: shown } = choices.settings;
  const drawn = reply === "results";
  const mirrored = camera?.facing !== "environment";
  stage.setDrawn(drawn);
  stage.setMirrored(mirrored);
  stage.setSelfView(shown);
  display.setForm(drawn, mirrored);
  selfView.setAttribute("aria-pressed", String(shown));
  // Drawn in the browser, the local video is the picture itself.
  selfView.disabled = drawn;
}

/** @returns {boolean} do results come in, or were they until a moment ago? */
function isLive() {
  const { name } = session.state;
  return name === "live" || name === "quiet";
}

function tick() {
  session.tick();
  const found = isLive() ? detections : null;
  figures.show(found && meter.read(), found && session.reduced);
  const unseen = toggle.classList.contains("running") ? "" : PRIVACY;
  write(seen, found ? seenWords(found) : unseen);
  const news = found && herald.offer(seenWords(found, false), now());
  if (news) {
    heard.textContent = news;
  }
  save.disabled = display.empty;
}

function chartTick() {
  if (toggle.classList.contains("running")) {
    figures.chart(isLive() ? meter.read() : null);
  }
}

async function savePicture() {
  const picture = await display.snapshot();
  if (picture) {
    download(picture, saveName(new Date()));
    remark.say("Saved.");
  }
}

toggle.addEventListener("click", () => {
  toggle.classList.contains("running") ? session.stop() : session.start();
});
switcher.addEventListener("click", () => change(controls.otherCamera(camera)));
selfView.addEventListener("click", () => change({ selfView: !choices.settings.selfView }));
save.addEventListener("click", savePicture);
document.addEventListener("visibilitychange", () => session.show(!document.hidden));
addEventListener("online", () => session.online());

new FullScreen(find("viewer", HTMLElement), find("full", HTMLButtonElement));
showChoices();
showState(session.state);
session.show(!document.hidden);
session.listCameras();
tick();
setInterval(tick, TICK);
setInterval(chartTick, CHART_TICK);
