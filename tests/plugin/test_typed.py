"""Level 2, typed: a class a service, which the harness fills in."""

from __future__ import annotations

from .team import Team


def test_a_class_of_the_team_is_what_the_fixture_and_the_getter_give(team: Team) -> None:
    team.greeter("web")
    team.conftest(
        """
        import harness

        class Web(harness.Service, container_name="web"):
            @property
            def url(self):
                return f"http://{self.host}:{self.port}"

        web = harness.service_fixture(Web)
        """
    )
    team.tests(
        """
        import pytest
        from conftest import Web
        from talk import ask

        def test_fixture(web):
            assert isinstance(web, Web)
            assert web.url == f"http://{web.network_info[0].hostname}:{web.container.port(8080)}"
            assert ask(web) == "hello"

        @pytest.mark.web
        def test_getter(container_getter, web):
            found = container_getter.get(Web)
            assert isinstance(found, Web)
            assert found == web
            assert found.url == web.url
        """
    )
    assert team.collected("-m", "web") == {"test_fixture", "test_getter"}
    team.passes(passed=2)


def test_a_typed_fixture_may_have_any_name_and_stand_in_a_module(team: Team) -> None:
    team.services("my-db", "alpha")
    team.tests(
        """
        import harness

        class Database(harness.Service, container_name="my-db"): ...

        database = harness.service_fixture(Database)
        named = harness.service_fixture(Database, name="store")
        alpha = harness.service_fixture(Database)

        class TestClass:
            mine = harness.service_fixture(Database)

        def test_all(database, store, alpha, my_db):
            assert database.name == store.name == alpha.name == my_db.name == "my-db"
            assert isinstance(alpha, Database) and type(my_db) is harness.Service
        """
    )
    assert team.collected("-m", "my_db") == {"test_all"}
    assert team.collected("-m", "alpha") == set()
    team.passes(passed=1)


def test_a_dataclass_of_the_team_may_add_fields(team: Team) -> None:
    team.greeter("web")
    team.tests(
        """
        from dataclasses import asdict, dataclass, field, fields, replace
        import harness

        @dataclass
        class Web(harness.Service, container_name="web"):
            path: str = "/api"
            seen: list = field(default_factory=list)

            @property
            def url(self):
                return f"http://{self.host}:{self.port}{self.path}"

        web = harness.service_fixture(Web)

        def test_it(web, container_getter):
            assert web.url.endswith(f":{web.port}/api")
            assert [f.name for f in fields(web)][-2:] == ["path", "seen"]
            assert "path='/api'" in repr(web) and "name='web'" in repr(web)
            assert web == container_getter.get(Web)
            assert replace(web, path="/").url.endswith(f":{web.port}/")
            assert replace(web, path="/") != web
        """
    )
    team.passes(passed=1)


def test_reading_the_port_of_a_service_that_publishes_none_is_an_error(team: Team) -> None:
    team.services("worker")
    team.tests(
        """
        import dataclasses
        import pytest
        import harness

        class Worker(harness.Service, container_name="worker"): ...
        typed = harness.service_fixture(Worker)

        @pytest.mark.parametrize("name", ["host", "port"])
        def test_port(worker, typed, name):
            for service in (worker, typed):
                with pytest.raises(harness.DockerConfigurationError) as caught:
                    getattr(service, name)
                assert f"wanted the {name} of service 'worker', which publishes no port" in str(
                    caught.value
                )

        def test_everything_else_works(worker, typed, container_getter):
            assert worker.name == "worker"
            assert worker.network_info == []
            assert worker.container.status == "running"
            assert "worker" in repr(worker)
            assert typed == container_getter.get(Worker)
            assert {f.name for f in dataclasses.fields(typed)} >= {"name", "host", "port"}
        """
    )
    team.passes(passed=3)


def test_a_class_that_names_no_service_is_refused_where_it_is_used(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import harness

        class Alpha(harness.Service): ...

        alpha = harness.service_fixture(Alpha)
        """
    )
    result = team.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ['*Alpha names no service; write class Alpha(harness.Service, container_name="…")']
    )


def test_a_class_whose_service_no_file_defines_offers_the_nearest(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import harness

        class Alpha(harness.Service, container_name="alhpa"): ...

        alpha = harness.service_fixture(Alpha)

        def test_it(alpha): ...
        """
    )
    result = team.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*no compose file defines a service 'alhpa'. Did you mean 'alpha'?*"]
    )


def test_a_derived_class_stands_for_the_service_of_its_base(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import harness

        class Alpha(harness.Service, container_name="alpha"): ...
        class More(Alpha): ...
        class Other(Alpha, container_name="beta"): ...

        more = harness.service_fixture(More)
        other = harness.service_fixture(Other)

        def test_more(more): assert (type(more), more.name) == (More, "alpha")
        def test_other(other): assert (type(other), other.name) == (Other, "beta")
        """
    )
    team.passes(passed=2)


def test_a_typed_service_can_be_made_a_dictionary(team: Team) -> None:
    team.greeter("web")
    team.tests(
        """
        from dataclasses import asdict
        import pytest

        def test_it(web):
            made = asdict(web)
            assert made["name"] == "web" and made["port"] == web.port
            assert made["network_info"] == web.network_info
            assert made["container"] is web.container
            with pytest.raises(IndexError):
                made["network_info"][1]
        """
    )
    team.passes(passed=1)


def test_the_port_of_a_stopped_service_is_said_to_be_of_a_stopped_one(team: Team) -> None:
    team.greeter("web")
    team.services("worker")
    team.tests(
        """
        import pytest
        import harness

        class Web(harness.Service, container_name="web"): ...
        class Worker(harness.Service, container_name="worker"): ...

        @pytest.mark.services("web", "worker")
        def test_it(container_getter):
            container_getter.get("web").kill()
            container_getter.get("worker").kill()
            with pytest.raises(harness.DockerConfigurationError) as caught:
                container_getter.get(Web).port
            assert str(caught.value) == (
                "wanted the port of service 'web': its container is exited now, and only a "
                "running one publishes its ports. Start it again first."
            )
            with pytest.raises(harness.DockerConfigurationError, match="publishes no port at all"):
                container_getter.get(Worker).port
        """
    )
    team.passes(passed=1)
