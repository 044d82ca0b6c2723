"""How far a build or a pull is, from lines that Compose 5.6 has shown."""

from __future__ import annotations

import json

from harness.engine.progress import BuildMeter, Progress, PullMeter, plain_lines

CLASSIC = """\
Sending build context to Docker daemon     241B
Step 1/3 : FROM debian:bookworm-slim
 ---> 248e98a5722e
Step 2/3 : RUN make
 ---> Running in 6528c8a949f9
Step 3/3 : CMD app
Successfully built 3154d8c5b4ca
"""
BUILDKIT = """\
#1 [app internal] load build definition from Dockerfile
#1 DONE 0.0s
#4 [app builder 1/2] FROM docker.io/library/debian
#4 CACHED
#5 [app builder 2/2] RUN make
#5 0.324 step 3/4 of something else
#5 DONE 12.1s
#6 [app stage-1 1/3] COPY --from=builder /app /app
#6 DONE 0.1s
"""


def seen(meter: BuildMeter | PullMeter, text: str) -> list[tuple[int, int, str]]:
    found = [meter.take(line) for line in text.splitlines()]
    return [(p.done, p.total, p.text) for p in found if p is not None]


def test_the_classic_builder_says_which_step_it_begins() -> None:
    assert seen(BuildMeter(), CLASSIC) == [
        (0, 3, "FROM debian:bookworm-slim"),
        (1, 3, "RUN make"),
        (2, 3, "CMD app"),
    ]


def test_the_stages_of_buildkit_are_summed_up() -> None:
    assert seen(BuildMeter(), BUILDKIT) == [
        (0, 2, "FROM docker.io/library/debian"),
        (1, 2, "FROM docker.io/library/debian"),
        (1, 2, "RUN make"),
        (2, 2, "RUN make"),
        (2, 5, "COPY --from=builder /app /app"),
        (3, 5, "COPY --from=builder /app /app"),
    ]


def layer(id_: str, text: str, **more: int) -> str:
    return json.dumps({"id": id_, "parent_id": "Image app:1", "text": text, **more})


def test_a_pull_counts_the_bytes_of_all_layers() -> None:
    meter = PullMeter()
    assert meter.take('{"id":"Image app:1","status":"Working","text":"Pulling"}') is None
    assert meter.take(layer("a", "Pulling fs layer")) is None
    meter.take(layer("a", "Downloading", current=10, total=100))
    assert meter.take(layer("b", "Downloading", current=40, total=100)) == Progress(
        50, 200, "bytes", ""
    )
    meter.take(layer("a", "Download complete"))
    assert meter.take(layer("b", "Extracting", current=1, total=100)) == Progress(
        200, 200, "bytes", "extracting"
    )


def test_lines_of_an_old_compose_tell_nothing_of_how_far_a_pull_is() -> None:
    assert PullMeter().take(" 2589cdcce301 Downloading 12.35MB") is None
    assert PullMeter().take("{broken") is None


def test_json_becomes_what_plain_progress_says() -> None:
    line = '{"id":"Image app:1","status":"Error","text":"Error","details":"no such host"}'
    assert [*plain_lines(line)] == [" Image app:1 Error no such host"]
    assert [*plain_lines('{"error":true,"message":"one\\ntwo"}')] == ["one", "two"]
    assert [*plain_lines('{"level":"warning","msg":"beware"}')] == ["level=warning beware"]
    assert [*plain_lines("as it is")] == ["as it is"]
