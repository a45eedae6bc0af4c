"""How the server is, for what watches over it: /healthz and /metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer import build, conf, metrics
from streamer.access import Refusal, bearer, refusal, visitor_of_request
from streamer.types import State


class Now(Collector):
    """What there is at this moment."""

    def collect(self) -> Iterable[Metric]:
        """Yield what is read of the objects of this process, which keep it anyhow."""
        yield from _sessions()
        yield from _streams()
        yield from _pool()


def _sessions() -> Iterator[Metric]:
    taken = GaugeMetricFamily("videostream_sessions", "Who is there.", labels=["kind"])
    taken.add_metric(["webcam"], build.admission().webcams.taken)
    taken.add_metric(["viewer"], build.admission().viewers.taken)
    yield taken


def _streams() -> Iterator[Metric]:
    """Yield what there is of each stream. Webcams that are shared are told of in sum: each has
    another name."""
    states = GaugeMetricFamily(
        "videostream_camera_state", "1 for the state that it is in.", labels=["camera", "state"]
    )
    viewers = GaugeMetricFamily("videostream_viewers", "Who watches.", labels=["camera"])
    shared = watched = 0
    for stream in build.streams():
        if stream.kind == "camera":
            for state in State:
                states.add_metric([stream.name, state], stream.status.state is state)
            viewers.add_metric([stream.name], len(stream.viewers))
        else:
            shared += 1
            watched += len(stream.viewers)
    yield states
    yield viewers
    yield GaugeMetricFamily("videostream_shared_webcams", "Webcams that others see.", shared)
    yield GaugeMetricFamily("videostream_shared_viewers", "Who watches those.", watched)


def _pool() -> Iterator[Metric]:
    pool = build.pool()
    waiting = "Frames that wait for a thread."
    yield GaugeMetricFamily("videostream_pool_waiting", waiting, pool.waiting)
    yield GaugeMetricFamily("videostream_pool_hung", "Threads that hang.", pool.hung)
    given_up = "Threads that did not come back in time."
    yield CounterMetricFamily("videostream_pool_given_up", given_up, pool.given_up)
    yield GaugeMetricFamily("videostream_ready", "1 where it is ready.", not troubles())


metrics.registry.register(Now())


def troubles() -> list[str]:
    """Return why this process should be given no more work; nothing where it should."""
    pool, found = build.pool(), []
    if not pool.is_loaded:
        found.append("The models are being loaded.")
    if pool.is_exhausted:
        found.append(f"{pool.hung} threads hang: no frame can be worked on. The process ends.")
    if build.admission().is_closed:
        found.append("The server stops.")
    return found


async def _refusal(request: HttpRequest) -> Refusal | None:
    """Return why somebody may not know more; None for who has METRICS_TOKEN, or may watch all."""
    expected, came = conf.load().METRICS_TOKEN, bearer(request.headers.get("Authorization", ""))
    if expected and came and constant_time_compare(came, expected):
        return None
    return refusal(await visitor_of_request(request))


@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    """Tell whether the server lives and is ready, 503 where it is not; and who is known why."""
    found = troubles()
    told: dict[str, object] = {"live": True, "ready": not found}
    if found and await _refusal(request) is None:
        told["why"] = found
    return JsonResponse(told, status=503 if found else 200, headers={"Cache-Control": "no-store"})


@require_safe
async def figures(request: HttpRequest) -> HttpResponseBase:
    """Tell all figures, in the text form of Prometheus."""
    if refused := await _refusal(request):
        return refused.as_text()
    return HttpResponse(
        generate_latest(metrics.registry),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )
