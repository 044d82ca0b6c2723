"""What is added to an engine's words: what to do about them."""

from __future__ import annotations

from harness.engine.advice import advised, make_room


def test_a_full_disk_is_told_with_what_makes_room() -> None:
    told = advised("mkdir /var/lib/docker/overlay2/x: no space left on device")

    assert told.startswith(
        "mkdir /var/lib/docker/overlay2/x: no space left on device. The engine's"
    )
    assert "`docker system prune`" in told


def test_other_words_stay_as_they_are() -> None:
    assert advised("no such image") == "no such image"


def test_the_log_of_a_service_may_tell_of_a_full_disk() -> None:
    assert "disk is full" in make_room("starting\ndd: writing: No space left on device\n")
    assert make_room("starting\n") == ""
