"""Tests of a kind that has no fixtures."""

from __future__ import annotations

import pytest

from .team import Team


@pytest.fixture
def scripts(team: Team) -> Team:
    """A team whose ``*.sh.txt`` files are tests."""
    team.services("alpha", "beta")
    team.conftest(
        """
        import pytest

        class Script(pytest.Item):
            def runtest(self):
                from harness.plugin import SESSION
                project = self.config.stash[SESSION].project
                self.config.seen.append([(c.service, c) for c in project.containers()])
                assert "fails" not in self.name

            def reportinfo(self):
                return self.path, 6, self.name

        class Scripts(pytest.File):
            def collect(self):
                item = Script.from_parent(self, name=self.path.name)
                for line in self.path.read_text().splitlines():
                    item.add_marker(eval(line, {"mark": pytest.mark}))
                yield item

        def pytest_configure(config):
            config.seen = []

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".txt":
                return Scripts.from_parent(parent, path=file_path)
        """
    )
    return team


def test_a_marked_item_without_fixtures_has_its_stack_while_it_runs(scripts: Team) -> None:
    scripts.write("a.txt", "mark.alpha\n")
    scripts.write("b_fails.txt", 'mark.services("beta")\n')
    scripts.write("c.txt", "")
    scripts.write(
        "test_z.py",
        """
        from talk import gone

        def test_what_they_saw(pytestconfig):
            [[(first, a)], [(second, b)], third] = pytestconfig.seen
            assert (first, second, third) == ("alpha", "beta", [])
            assert gone(a) and gone(b)
        """,
    )
    assert scripts.run("--collect-only", "-q", "-m", "alpha").outlines[0] == "a.txt::a.txt"
    scripts.run_for_real().assert_outcomes(passed=3, failed=1)


def test_a_mark_that_makes_no_sense_is_told_of_an_item_without_fixtures(scripts: Team) -> None:
    scripts.write("a.txt", "mark.alpha(evn={})\n")
    result = scripts.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a.txt:7: @pytest.mark.alpha: unknown argument 'evn'*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_mark_that_makes_no_sense_is_told_with_the_line_of_its_test(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        class TestIt:
            @pytest.mark.alpha(evn={})
            def test_it(self): ...
        """
    )
    result = team.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*test_team.py:5: @pytest.mark.alpha: unknown argument 'evn'; "
            "it takes env={…}, isolation=… and may_die=True"
        ]
    )
