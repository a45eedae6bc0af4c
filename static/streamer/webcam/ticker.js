/**
 * A worker that ticks: browsers slow down the timers of a hidden page, but not those of its workers.
 * Five pictures a second are enough to be seen by others.
 */
const PERIOD = 200;

setInterval(() => postMessage(null), PERIOD);
