"""``x-harness: {ready: …}`` chooses by what a service is known to be ready."""

from __future__ import annotations

import pytest

from harness.errors import ServiceDiedError, ServiceNotReadyError, SettingError

from .lab import Lab, answer

# A server that answers a request for /up by what the file /answers/up says: a status line's end.
WEB = """\
  - &web
    image: debian:bookworm-slim
    init: true
    command:
      - perl
      - -MIO::Socket
      - -e
      - >-
        $$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die;
        while ($$c = $$s->accept) { <$$c> =~ /GET (\\S+)/; open $$f, "<", "/answers$$1";
        $$a = <$$f> // "404 Not Found"; chomp $$a; $$n = "\\r\\n";
        print $$c "HTTP/1.1 $$a$${n}Location: /gone$${n}$${n}no table"; close $$c }
    ports: ["8080"]
"""


def web(lab: Lab, ready: str, becomes: str = "200 OK") -> None:
    entrypoint = (
        "[sh, -c, 'mkdir /answers; echo 503 Not Yet >/answers/up; "
        f'(sleep 0.5; echo {becomes} >/answers/up) & exec "$$@"\', web]'
    )
    lab.write(
        "compose/app.yml",
        f"x-bases:\n{WEB}services:\n  app:\n    <<: *web\n    entrypoint: {entrypoint}\n"
        f"    x-harness: {{ready: {ready}}}\n",
    )


@pytest.mark.parametrize(
    ("ready", "becomes"),
    [
        ("{http: /up}", "200 OK"),
        ("{http: /up}", "302 Found"),  # and what it points to is not asked
        ("{http: {path: /up, port: 8080, status: [204, 418]}}", "418 Teapot"),
        ("[tcp, {http: /up}, {timeout: 15s}]", "200 OK"),
    ],
)
def test_a_web_server_is_ready_when_it_answers_with_the_status(
    lab: Lab, ready: str, becomes: str
) -> None:
    web(lab, ready, becomes)
    app = lab.container("app")
    assert app.exec(["cat", "/answers/up"]).output.strip() == becomes


def test_a_status_that_is_not_wanted_is_told_with_what_the_server_said(lab: Lab) -> None:
    web(lab, "{http: {path: /up, status: 200}, timeout: 1s}", "500 Broken")
    with pytest.raises(ServiceNotReadyError) as failed:
        lab.up("app")
    message = str(failed.value)
    assert "waited for GET http://127.0.0.1:" in message
    assert "/up (port 8080/tcp) to answer with 200" in message
    assert "last seen: status 500 Broken: no table" in message


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sleep infinity", "connection closed without an answer"),
        (
            "[perl, -MIO::Socket, -e, '$$s = IO::Socket::INET->new(LocalPort => 8080, "
            "Listen => 9); sleep 99']",
            "no answer within 2 s",
        ),
        (
            "[perl, -MIO::Socket, -e, '$$s = IO::Socket::INET->new(LocalPort => 8080, "
            'Listen => 9); while ($$c = $$s->accept) { print $$c "220 mail\\r\\n" }\']',
            "what answers is no HTTP: .*220 mail",
        ),
    ],
)
def test_a_port_that_does_not_speak_http_is_told(lab: Lab, command: str, told: str) -> None:
    lab.compose(f"""
    services:
      app:
        <<: *echo
        command: {command}
        x-harness: {{ready: {{http: /, timeout: 1s}}}}
    """)
    with pytest.raises(ServiceNotReadyError, match=f"to answer with 2xx or 3xx, last seen: {told}"):
        lab.up("app")


def test_only_the_ports_named_must_answer(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *echo, ports: ["8080", "9090"], x-harness: {ready: {tcp: 8080}}}
    """)
    assert answer(lab.container("app").port(8080)) == "hello"


def test_the_declared_check_alone_leaves_the_ports_out(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        ports: ["80"]
        healthcheck: {test: test -f /up, interval: 1h}
        command: sh -c 'sleep 0.3; touch /up; exec sleep infinity'
        x-harness: {ready: health}
    """)
    assert lab.container("app").health == "healthy"


def test_a_check_that_nobody_declares_is_told(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, x-harness: {ready: health}}}")
    with pytest.raises(
        SettingError, match=r"app\.yml:\d+: .*neither the compose file nor the image"
    ):
        lab.up("app")
    assert lab.left() == []


def test_a_pattern_is_waited_for_as_often_as_it_is_to_come(lab: Lab) -> None:
    # as official database images do: a temporary server says so first
    lab.compose("""
    services:
      db:
        <<: *sleeper
        command: >-
          sh -c 'echo ready to accept; sleep 0.5; echo shutting down; sleep 0.5; touch /up;
          echo ready to accept >&2; exec sleep infinity'
        x-harness: {ready: {log: {pattern: '^ready to (accept|serve)$$', count: 2}}}
    """)
    assert lab.container("db").exec(["test", "-f", "/up"]).exit_code == 0


def test_what_was_logged_before_the_latest_start_does_not_count(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        init: true
        command: >-
          sh -c 'test -f /again && sleep 0.5 && touch /up; touch /again; echo listening;
          exec sleep infinity'
        x-harness: {ready: {log: listening}}
    """)
    app = lab.container("app")
    assert app.exec(["test", "-f", "/up"]).exit_code == 1
    app.restart()
    assert app.exec(["test", "-f", "/up"]).exit_code == 0


def test_a_pattern_that_never_comes_is_told_with_the_last_line(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        command: sh -c 'echo up; echo still migrating; exec sleep infinity'
        x-harness: {ready: {log: {pattern: up, count: 2}, timeout: 1s}}
    """)
    with pytest.raises(ServiceNotReadyError) as failed:
        lab.up("app")
    assert (
        "waited for 2 log lines that match `up`, last seen: 1 of 2 lines match, the last line is "
        "`still migrating`"
    ) in str(failed.value)


@pytest.mark.parametrize("command", ["test -f /up && test -d /tmp", "[test, -f, /up]"])
def test_a_command_is_run_until_it_ends_with_0(lab: Lab, command: str) -> None:
    lab.compose(f"""
    services:
      app:
        <<: *sleeper
        command: sh -c 'sleep 0.5; touch /up; exec sleep infinity'
        x-harness: {{ready: {{exec: {command}}}}}
    """)
    assert lab.container("app").exec(["test", "-f", "/up"]).exit_code == 0


def test_a_command_that_fails_is_told_with_what_it_said(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, x-harness: {ready: {exec: echo no table; exit 4, timeout: 1s}}}
    """)
    with pytest.raises(ServiceNotReadyError) as failed:
        lab.up("app")
    message = str(failed.value)
    assert "waited for `echo no table; exit 4` in the container to end with 0" in message
    assert "exit code 4: no table" in message


def test_a_job_is_ready_when_it_has_ended_with_its_code(lab: Lab) -> None:
    lab.compose("""
    services:
      job:
        <<: *sleeper
        command: sh -c 'sleep 0.5; echo moved 3 rows; exit 3'
        ports: ["80"]
        x-harness: {ready: [{log: 'moved \\d+ rows'}, {exit: 3}]}
    """)
    assert lab.container("job").exit_code == 3


def test_a_job_that_ends_otherwise_is_told(lab: Lab) -> None:
    lab.compose("""
    services:
      code: {<<: *sleeper, command: 'true', x-harness: {ready: {exit: 3}}}
      log: {<<: *sleeper, command: echo moved nothing, x-harness: {ready: [{log: rows}, {exit: 0}]}}
    """)
    with pytest.raises(ServiceDiedError, match=r"exited with code 0 \(wanted 3\)"):
        lab.up("code")
    with pytest.raises(ServiceDiedError, match="waited for a log line that matches `rows`"):
        lab.up("log")


def test_a_job_that_does_not_end_is_told_at_its_deadline(lab: Lab) -> None:
    lab.compose("services: {job: {<<: *sleeper, x-harness: {ready: {exit: 0, timeout: 500ms}}}}")
    with pytest.raises(ServiceNotReadyError, match=r"waited for its end \(exit code 0\)"):
        lab.up("job")


def test_a_service_that_is_to_answer_may_not_end_before(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, command: 'true', x-harness: {ready: {exec: a}}}}")
    with pytest.raises(ServiceDiedError, match="service 'app' exited with code 0"):
        lab.up("app")


def test_dependents_wait_for_the_probe(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        command: sh -c 'test -f /data/up && exec sleep infinity'
        volumes: ["data:/data"]
        depends_on: {db: {condition: service_healthy}}
      db:
        <<: *sleeper
        command: sh -c 'sleep 0.5; touch /data/up; echo up; exec sleep infinity'
        volumes: ["data:/data"]
        x-harness: {ready: {log: "${WORD:-up}"}}
    volumes: {data: {}}
    """)
    assert lab.container("app").status == "running"


def test_each_replica_is_probed(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        deploy: {replicas: 2}
        command: sh -c 'sleep 0.3; touch /up; echo up; exec sleep infinity'
        x-harness: {ready: {log: up}}
    """)
    for app in lab.up("app").containers("app"):
        assert app.exec(["test", "-f", "/up"]).exit_code == 0


def test_a_check_that_only_a_temporary_server_passes_does_not_count(lab: Lab) -> None:
    # the check passes while nothing listens on the port, and fails once something does
    lab.compose("""
    services:
      db:
        <<: *echo
        entrypoint: [sh, -c, 'touch /up; sleep 0.5; rm /up; exec "$$@"', db]
        healthcheck: {test: test -f /up, interval: 1h}
        x-harness: {ready: [tcp, health, {timeout: 2s}]}
    """)
    with pytest.raises(ServiceNotReadyError, match="waited for health check `test -f /up`"):
        lab.up("db")


def test_ports_that_a_service_does_not_publish_are_told_before_anything_starts(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo, x-harness: {ready: {tcp: 9090}}}}")
    lease = lab.lease("app")
    with pytest.raises(SettingError, match=r"wants port 9090/tcp, .* publishes 8080/tcp"):
        lease.up()
    assert lab.created() == set()
