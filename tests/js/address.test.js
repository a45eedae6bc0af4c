import assert from "node:assert/strict";
import { test } from "node:test";
import { isByLink, largeName, pageAddress, withKey } from "../../static/streamer/wall/address.js";

test("The address says which stream is large, and the other way round.", () => {
  assert.equal(pageAddress("porch", ""), "/streams/porch/");
  assert.equal(largeName("/streams/porch/"), "porch");
  assert.equal(pageAddress("", "?x=1"), "/streams/");
  assert.equal(largeName("/streams/"), "");
});

test("Whoever came by a link takes its key along, and nothing else.", () => {
  const query = "?key=a%3Ab%2Bc&x=1";
  assert.equal(pageAddress("porch", query), "/streams/porch/?key=a%3Ab%2Bc");
  assert.equal(withKey("/ws/watch/", query), "/ws/watch/?key=a%3Ab%2Bc");
  assert.equal(withKey("/ws/watch/", "?x=1"), "/ws/watch/");
  assert.deepEqual([isByLink(query), isByLink("?x=1")], [true, false]);
});
