"""Images: built under one stable tag a checkout and service, or found."""

from __future__ import annotations

import re
import threading

import pytest

from harness.errors import ImageUnavailableError

from .lab import Lab, file_in, pytest_run


def dockerfile(lab: Lab, word: str, folder: str = "app") -> None:
    lab.dockerfile(f"RUN echo {word} >/word", folder=folder)


def test_an_image_is_built_under_a_stable_tag_and_again_only_when_something_changed(
    lab: Lab,
) -> None:
    lab.compose("services: {app: {<<: *idle, image: example.com/app:1, build: app}}")
    dockerfile(lab, "one")
    app = lab.container("app")
    assert file_in(app, "/word") == "one\n"
    (tag,) = first = lab.images()
    assert app.image == tag
    assert re.fullmatch(r"pytest-compose-harness/[0-9a-f]{8}-app:latest", tag)
    assert any("RUN echo one" in line for line in lab.built)
    lab.fleet.close()

    again = lab.again()
    again.container("app")
    assert again.images() == first
    again.fleet.close()

    dockerfile(lab, "two")
    changed = lab.again()
    assert file_in(changed.container("app"), "/word") == "two\n"
    assert [*changed.images()] == [tag]
    assert changed.images() != first


def test_a_name_that_somebody_else_gave_the_old_image_stays(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *idle, build: app}}")
    dockerfile(lab, "old")
    kept = f"kept-{lab.yard.run.id}"
    lab.client.tag(lab.container("app").image, kept, tag="latest")
    lab.fleet.close()
    try:
        dockerfile(lab, "new")
        lab.again().container("app")
        assert lab.client.inspect_image(f"{kept}:latest")  # type: ignore[no-untyped-call]
    finally:
        lab.client.remove_image(kept)


def test_an_image_that_was_removed_is_built_again_when_it_is_needed(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *idle, build: app}}")
    dockerfile(lab, "again")
    lease = lab.up("app")
    image = lease.containers("app")[0].image
    lease.release()
    lab.fleet.removed()
    lab.yard.images.remove(image)
    assert lab.images() == {}
    assert file_in(lab.container("app"), "/word") == "again\n"


def test_a_service_may_run_the_image_that_another_builds(lab: Lab) -> None:
    lab.compose("""
    services:
      builder: {<<: *idle, image: example.com/shared:1, build: app}
      runner: {<<: *idle, image: example.com/shared:1}
    """)
    dockerfile(lab, "shared")
    runner = lab.container("runner")
    assert file_in(runner, "/word") == "shared\n"
    assert lab.created() == {"runner"}
    assert len(lab.images()) == 1


def test_services_whose_names_are_alike_have_images_of_their_own(lab: Lab) -> None:
    lab.compose("services: {my.app: {<<: *idle, build: a}, my-app: {<<: *idle, build: b}}")
    dockerfile(lab, "dot", "a")
    dockerfile(lab, "dash", "b")
    lease = lab.up("my.app", "my-app")
    words = {name: file_in(lease.containers(name)[0], "/word") for name in ("my.app", "my-app")}
    assert words == {"my.app": "dot\n", "my-app": "dash\n"}


def test_without_building_the_image_that_is_there_is_taken(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *idle, build: app}}")
    dockerfile(lab, "built")
    lab.container("app")
    lab.fleet.close()
    dockerfile(lab, "changed")

    without = lab.again(build=False)
    assert file_in(without.container("app"), "/word") == "built\n"
    assert without.built == []


def test_without_building_an_image_that_nobody_built_is_an_error(lab: Lab) -> None:
    lab.settings["build"] = False
    lab.compose("services: {app: {<<: *idle, image: '127.0.0.1:1/nobody/built:1', build: app}}")
    dockerfile(lab, "never")
    with pytest.raises(ImageUnavailableError, match="--docker-compose-no-build"):
        lab.up("app")


def test_build_arguments_reach_the_build(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTSIDE", "out$5")
    lab.dockerfile("ARG GIVEN", "ARG OUTSIDE", 'RUN echo "$GIVEN $OUTSIDE" >/word')
    lab.compose("""
    services:
      app: {<<: *idle, build: {context: app, args: {GIVEN: "a$$b", OUTSIDE: }}}
    """)
    assert file_in(lab.container("app"), "/word") == "a$b out$5\n"


def test_stacks_that_start_side_by_side_build_an_image_once(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *idle, build: app}}")
    dockerfile(lab, "once")
    leases = [lab.lease("app"), lab.lease("app")]
    lab.yard.engine.containers(lab.labels)  # opened before two threads want it
    threads = [threading.Thread(target=lease.up) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [file_in(lease.containers("app")[0], "/word") for lease in leases] == ["once\n"] * 2
    assert sum("RUN echo once" in line for line in lab.built) == 1


PARALLEL = """
import pytest

@pytest.mark.parametrize("n", range(2))
@pytest.mark.app
def test_it(container_getter, n):
    assert container_getter.get("app").exec(["cat", "/word"]).output == "many\\n"
"""


def test_workers_of_xdist_build_the_same_image_and_write_nothing_of_it(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *idle, build: app}}")
    dockerfile(lab, "many")
    lab.write("test_it.py", PARALLEL)
    with pytest_run(lab.root, "-n", "2") as run:
        output, _ = run.communicate()
    assert run.returncode == 0, output
    assert "RUN echo many" not in output
    assert len(lab.images()) == 1
