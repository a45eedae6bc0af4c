import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloseCode,
  closeCode,
  frameMessage,
  ProtocolError,
  parseMessage,
  socketUrl,
  textMessage,
} from "../../static/streamer/shared/protocol.js";

/**
 * @param {object} json
 * @param {number[]} jpeg
 * @returns {ArrayBuffer}
 */
function binary(json, jpeg) {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const bytes = new Uint8Array(4 + text.length + jpeg.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(jpeg, 4 + text.length);
  return bytes.buffer;
}

test("A frame message is its number in little-endian, then the JPEG.", () => {
  const message = frameMessage(0x01020304, new Uint8Array([0xff, 0xd8, 9]).buffer);
  assert.deepEqual([...message], [4, 3, 2, 1, 0xff, 0xd8, 9]);
});

test("The greatest frame number fits.", () => {
  assert.deepEqual([...frameMessage(2 ** 32 - 1, new ArrayBuffer(0))], [255, 255, 255, 255]);
});

test("A text message holds what it was given and nothing else.", () => {
  const told = textMessage({ type: "settings", quality: 60 });
  assert.deepEqual(JSON.parse(told), { type: "settings", quality: 60 });
});

test("A page on HTTPS opens its sockets over TLS.", () => {
  assert.equal(socketUrl({ protocol: "https:", host: "a.org" }, "/ws/"), "wss://a.org/ws/");
  assert.equal(socketUrl({ protocol: "http:", host: "a:8000" }, "/ws/"), "ws://a:8000/ws/");
});

test("A frame of a stream gets the bytes behind the JSON as its picture.", () => {
  const message = parseMessage(binary({ type: "frame", stream: "porch", seq: 3 }, [0xff, 0xd8]));
  assert.ok(message?.type === "frame");
  assert.deepEqual([.../** @type {any} */ (message).image], [0xff, 0xd8]);
});

test("What is about a stream names it.", () => {
  assert.throws(() => parseMessage('{"type":"state","state":"live"}'), ProtocolError);
  assert.throws(() => parseMessage(binary({ type: "frame", seq: 3 }, [])), ProtocolError);
  assert.throws(() => parseMessage(binary({ type: "frame", stream: "porch" }, [])), ProtocolError);
});

test("A text result keeps its base64 picture.", () => {
  const message = parseMessage('{"type":"result","seq":7,"image":"AAAA"}');
  assert.deepEqual(message, { type: "result", seq: 7, image: "AAAA" });
});

test("A binary result gets the bytes behind the JSON as its picture.", () => {
  const message = parseMessage(binary({ type: "result", seq: 3, name: "Zoë" }, [0xff, 0xd8, 1, 2]));
  assert.ok(message?.type === "result");
  assert.deepEqual([.../** @type {any} */ (message).image], [0xff, 0xd8, 1, 2]);
  assert.equal(/** @type {any} */ (message).name, "Zoë");
});

test("A message of a type that this page does not know is nothing.", () => {
  assert.equal(parseMessage('{"type":"weather","stream":"x"}'), null);
});

test("What is not in a form of the protocol is refused.", () => {
  const short = new Uint8Array([9, 0, 0, 0, 1]).buffer;
  for (const data of [
    "no json",
    "3",
    "null",
    '{"seq":1}',
    '{"type":"result"}',
    new ArrayBuffer(3),
    short,
  ]) {
    assert.throws(() => parseMessage(data), ProtocolError);
  }
});

test("The codes of the server libraries mean the same as our own.", () => {
  assert.equal(closeCode(1009), CloseCode.TOO_LARGE);
  assert.equal(closeCode(1012), CloseCode.RESTARTING);
  assert.equal(closeCode(4013), CloseCode.FULL);
  assert.equal(closeCode(1006), 1006);
});

test("The close codes cannot be changed.", () => {
  assert.throws(() => Object.assign(CloseCode, { FULL: 1 }), TypeError);
});
