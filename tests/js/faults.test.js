import assert from "node:assert/strict";
import { test } from "node:test";
import { closeFault } from "../../static/streamer/shared/faults.js";
import { CloseCode } from "../../static/streamer/shared/protocol.js";
import {
  cameraFault,
  insecureFault,
  MUTED,
  UNPLUGGED,
} from "../../static/streamer/webcam/camera-faults.js";

const GONE = { greeted: true, online: true };

test("Every fault has a title and a remedy in whole sentences.", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError"];
  const faults = [
    MUTED,
    UNPLUGGED,
    insecureFault("http://example.org:8000/"),
    ...[...names, "AbortError", "SecurityError", "TypeError"].map((name) =>
      cameraFault({ name }, null),
    ),
    ...[...Object.values(CloseCode), 1009, 1012, 1001, 3999].map((code) => closeFault(code, GONE)),
  ];
  for (const { title, remedy } of faults) {
    assert.match(title, /^[A-Z].*[^.]$/);
    assert.match(remedy, /^[A-Z].*\.$/);
  }
});

test("No camera, a taken one and an unplugged one are waited for.", () => {
  for (const name of [
    "NotFoundError",
    "DevicesNotFoundError",
    "NotReadableError",
    "TrackStartError",
  ]) {
    assert.equal(cameraFault({ name }, "granted").retry, true, name);
  }
  assert.match(cameraFault({ name: "NotFoundError" }, null).title, /no camera/i);
  assert.match(cameraFault({ name: "NotReadableError" }, null).remedy, /another program/i);
  assert.equal(UNPLUGGED.retry, true);
});

test("A refused permission is told by who refused it, with the way to mend it.", () => {
  const error = { name: "NotAllowedError", message: "Permission denied" };
  assert.match(cameraFault(error, "denied").remedy, /beside the address/);
  assert.match(cameraFault(error, "prompt").remedy, /press start and choose allow/i);
  const system = cameraFault({ ...error, message: "Permission denied by system" }, "granted");
  assert.match(system.remedy, /settings of your system/);
  assert.equal(cameraFault(error, "denied").retry, false);
});

test("An unknown error is told in the browser's own words.", () => {
  assert.match(
    cameraFault({ name: "OddError", message: "out of film" }, null).remedy,
    /out of film/,
  );
});

test("A page without HTTPS is told both addresses that work.", () => {
  const { remedy, retry } = insecureFault("http://192.168.1.7:8000/");
  assert.ok(remedy.includes("https://192.168.1.7:8000/"));
  assert.ok(remedy.includes("http://localhost:8000/"));
  assert.equal(retry, false);
});

test("A full server is left alone for a while, and its own words say when to come back.", () => {
  const fault = closeFault(CloseCode.FULL, {
    ...GONE,
    message: "all 64 places are taken, try in 20 s",
  });
  assert.match(fault.title, /full/);
  assert.equal(fault.remedy, "All 64 places are taken, try in 20 s.");
  assert.equal(fault.retry, true);
  assert.ok((fault.pause ?? 0) >= 5_000);
});

test("A server that goes away is tried again, whichever way it went.", () => {
  for (const code of [1000, 1001, 1006, 1011, 1012, 4002, 4008, 4012, 4013, 4029, 3999]) {
    assert.equal(closeFault(code, GONE).retry, true, `${code}`);
  }
});

test("What trying again cannot mend stops.", () => {
  for (const code of [4000, 4003, 4004, 4007, 4009, 1009]) {
    assert.equal(closeFault(code, GONE).retry, false, `${code}`);
  }
});

test("Gone, never there, and no network are three different things.", () => {
  assert.equal(closeFault(1006, GONE).title, "The server is gone");
  assert.equal(
    closeFault(1006, { greeted: false, online: true }).title,
    "The server does not answer",
  );
  assert.match(closeFault(1006, { greeted: true, online: false }).title, /offline/);
  assert.match(closeFault(1012, { greeted: true, online: true }).title, /restarting/);
});
