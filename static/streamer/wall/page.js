/** The page of cameras: joins the parts. */
import { find } from "../shared/find.js";
import { Herald } from "../shared/herald.js";
import { write } from "../shared/notice.js";
import { socketUrl, WATCH_PATH } from "../shared/protocol.js";
import { download, saveName } from "../shared/save.js";
import { API_PATH, isByLink, pageAddress, withKey } from "./address.js";
import { Alert } from "./alert.js";
import { Invitation } from "./invitation.js";
import { Navigation } from "./navigation.js";
import { plan, shape } from "./plan.js";
import { Roster } from "./roster.js";
import { Stream } from "./stream.js";
import { Viewer } from "./viewer.js";
import { Wall } from "./wall.js";
import { Watch } from "./watch.js";
import { troubleWords, wallWords } from "./words.js";

/** How often figures and words change, milliseconds. */
const TICK = 250;
/** A screen reader is told of troubles no more often than this, milliseconds. */
const HEARD_PAUSE = 5_000;

const now = () => performance.now();
const query = location.search;
const title = document.title;
const page = find("page", HTMLElement);
const heard = find("heard", HTMLElement);
const summary = find("summary", HTMLElement);

/** @type {Map<string, Stream>} in the order of the wall */
const streams = new Map();
/** @type {import("../shared/connection.js").LinkState} */
let link = { name: "closed" };
const herald = new Herald(HEARD_PAUSE);
const alert = new Alert();
const viewer = new Viewer({ done, resized: replan, save });
// After the viewer, whose full screen hears Escape first.
const navigation = new Navigation(move);
const wall = new Wall(find("tiles", HTMLElement), find("tile-template", HTMLTemplateElement), {
  address: (name) => pageAddress(name, query),
  done,
  opened: (name) => navigation.enlarge(name),
  moved: replan,
});
const roster = new Roster({
  url: withKey(API_PATH, query),
  isByLink: isByLink(query),
  on: {
    streams(infos) {
      alert.roster(null);
      watch.admitted();
      list(infos);
    },
    trouble(trouble) {
      alert.roster(trouble);
    },
  },
});
const watch = new Watch({
  url: socketUrl(location, withKey(WATCH_PATH, query)),
  now,
  on: {
    link(state) {
      link = state;
      alert.link(state);
      markWatched();
    },
    state(message) {
      streams.get(message.stream)?.tell(message);
      if (message.state === "ended") {
        roster.askNow();
      }
    },
    frame(frame) {
      screenOf(frame.stream)?.show({ frame, at: now() });
    },
    refused(name, message) {
      streams.get(name)?.refuse(message);
    },
  },
});
/** Where it may be shared, the page has what it takes. */
const share = document.getElementById("share");
const invitation = share && new Invitation();

/** @param {import("./roster.js").StreamInfo[]} infos */
function list(infos) {
  const names = infos.map(({ name }) => name);
  for (const name of streams.keys()) {
    // What is large stays, and says what became of it.
    if (!names.includes(name) && name !== navigation.large) {
      streams.delete(name);
    }
  }
  for (const info of infos) {
    stream(info.name).list(info);
  }
  page.classList.toggle("empty", names.length === 0 && !navigation.large);
  page.classList.toggle("alone", names.length < 2);
  wall.arrange(names);
  wall.setLarge(navigation.large);
  wall.setShape(shape(infos.map(({ size }) => size)));
  replan();
  tick();
}

/**
 * @param {string} name
 * @returns {Stream}
 */
function stream(name) {
  const known = streams.get(name) ?? new Stream(name, now);
  streams.set(name, known);
  return known;
}

/** @param {string} name */
function screenOf(name) {
  return name === navigation.large ? viewer.screen : wall.tile(name)?.screen;
}

/**
 * A picture was shown, or will not be: either way the next one may come.
 * @param {import("./screen.js").Arrival} arrival
 * @param {boolean} drawn
 */
function done(arrival, drawn) {
  const shown = streams.get(arrival.frame.stream);
  // One that only moved to another screen has been counted.
  if (!shown || shown.arrival === arrival) {
    return;
  }
  if (drawn) {
    shown.show(arrival);
  }
  watch.ack(arrival.frame);
}

/** Watches what is seen, and nothing else. */
function replan() {
  const places = document.hidden ? [] : wall.places.filter(({ name }) => name !== navigation.large);
  if (navigation.large && !document.hidden) {
    places.push({ name: navigation.large, inView: true, large: true, width: viewer.width });
  }
  watch.want(
    plan(
      places.filter(({ name }) => !streams.get(name)?.isOver),
      devicePixelRatio,
    ),
  );
  markWatched();
}

function markWatched() {
  for (const [name, each] of streams) {
    each.watch(watch.watches(name), link);
  }
}

/**
 * @param {string} name of the stream that is large from now on; empty for none
 * @param {string} before that was large until now
 */
function show(name, before) {
  document.title = name ? `${name} · ${title}` : title;
  page.classList.toggle("focused", name !== "");
  viewer.open(name);
  wall.setLarge(name);
  for (const moved of [before, name].filter(Boolean)) {
    const { arrival } = stream(moved);
    if (arrival) {
      screenOf(moved)?.show(arrival);
    }
  }
  replan();
  tick();
}

/**
 * As `show`, with the keyboard's focus where it belongs.
 * @param {string} name
 * @param {string} before
 */
function move(name, before) {
  show(name, before);
  if (name) {
    viewer.focus();
  } else {
    wall.tile(before)?.link.focus();
  }
}

function tick() {
  watch.tick();
  const accounts = new Map([...streams].map(([name, { account }]) => [name, account]));
  for (const [name, account] of accounts) {
    wall.tile(name)?.show(account);
  }
  const shown = accounts.get(navigation.large);
  if (shown) {
    viewer.show(shown, stream(navigation.large).size);
    viewer.allowSave(stream(navigation.large).arrival !== null);
  }
  const states = [...accounts.values()].map(({ state }) => state);
  write(summary, states.length > 0 ? wallWords(states) : "");
  const news = herald.offer(troubleWords(accounts), now());
  if (news !== null) {
    heard.textContent = news;
  }
}

function save() {
  const arrival = stream(navigation.large).arrival;
  if (arrival) {
    download(
      new Blob([arrival.frame.image], { type: "image/jpeg" }),
      saveName(new Date(), navigation.large),
    );
    viewer.say("Saved.");
  }
}

function look() {
  if (document.hidden) {
    roster.stop();
  } else {
    roster.start();
  }
  replan();
}

share?.addEventListener("click", () => invitation?.open(navigation.large));
document.addEventListener("visibilitychange", look);
addEventListener("online", () => {
  watch.retryNow();
  roster.askNow();
});

show(navigation.large, "");
look();
setInterval(tick, TICK);
