"""What is wrong with a KFP's address, its answers or who asks is one line, and ends with exit code 2 at once."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from components.errors import ExitCode
from pipeline.submission import transport
from tests.pipeline.submission.conftest import Answer, Cluster

LOGIN = b"<!DOCTYPE html><html><head><title>Log in\n to Dex</title></head><body>Who are you?</body></html>"


def _line(answer: Answer) -> str:
    assert answer.code == ExitCode.INPUT
    (line,) = answer.err.splitlines()
    return line


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of something that accepts connections, and does with each what `serve` does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("localhost:8080", "write the whole address, http://localhost:8080 or https://localhost:8080"),
        ("ftp://there", "--host ftp://there: an address begins with http:// or https:// and a name"),
        ("http://[::1", "--host http://[::1: that is no address: Invalid IPv6 URL"),
        ("http://no-such-host.invalid", "no such host name. --host is where KFP's API or UI is: http://localhost:8080"),
        ("http://" + "x" * 70, "no such host name"),
        ("http://%zz", "Failed to parse: http://%zz/apis/v2beta1/healthz. --host is where KFP's API or UI is"),
        ("http://a b", "--host 'http://a b': there is a space, or what cannot be seen, in it"),
    ],
)
def test_a_host_that_is_none(cluster: Cluster, host: str, message: str) -> None:
    line = _line(cluster.submit(host=host))
    assert message in line
    assert host in line


@pytest.mark.parametrize("copied", ["/", "/#/pipelines", "/?ns=ann#/runs"])
def test_the_address_of_a_page_is_that_of_its_kfp(cluster: Cluster, copied: str) -> None:
    answer = cluster.submit(host=cluster.host + copied)
    assert answer.code == ExitCode.OK
    assert f" {cluster.host}/#/runs/details/" in answer.out


def test_nothing_listens(cluster: Cluster) -> None:
    host = f"http://127.0.0.1:{_free_port()}"
    assert f"millrace: {host}: connection refused: nothing listens there. --host is where" in _line(
        cluster.submit(host=host)
    )


def test_no_answer_in_time(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT", (1, 0.3))
    calls = []

    def silent(connection: socket.socket) -> None:
        calls.append(connection.recv(1000))
        time.sleep(0.6)

    with _listening(silent) as address:
        assert "no answer within 0.3 s" in _line(cluster.submit(host=f"http://{address}"))
    assert len(calls) == 1


def test_a_connection_that_ends(cluster: Cluster) -> None:
    calls = []
    with _listening(lambda connection: calls.append(connection)) as address:
        assert "the connection ended without an answer" in _line(cluster.submit(host=f"http://{address}"))
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("status", "headers", "body", "messages"),
    [
        (200, {"Content-Type": "text/html"}, LOGIN, ["the answer is a web page titled 'Log in to Dex', not JSON"]),
        (200, {}, b"it works", ["the answer is no JSON object. Received: 'it works'"]),
        (302, {"Location": "https://dex/auth"}, b"", ["answered 302 Found", "go to https://dex/auth", "--token-file"]),
        (401, {}, b"", ["answered 401 Unauthorized", "It wants to know who asks: give a bearer token: --token-file"]),
        (403, {}, b'{"message": "no list"}', ["answered 403 Forbidden", ": no list. ", "another --namespace"]),
        (404, {}, LOGIN, ["answered 404 Not Found", "the answer is a web page titled 'Log in to Dex'"]),
        # What KFP's API server says where --host has a path too many.
        (404, {}, b"404 page not found", ["Received: '404 page not found'. There is no Kubeflow Pipelines API"]),
        (404, {}, b"", ["answered 404 Not Found", "There is no Kubeflow Pipelines API (v2beta1, from 2.0 on)"]),
        (500, {}, b'{"error_message": "disk\\nfull"}', ["answered 500", ": disk full. That is the server's fault"]),
        (500, {}, b"\xff\xfe", ["answered 500 Internal Server Error"]),
    ],
    ids=["page", "text", "redirect", "401", "403", "404 page", "404 text", "404", "500", "500 bytes"],
)
@pytest.mark.parametrize("path", ["/apis/v2beta1/healthz", "/apis/v2beta1/pipelines/upload"])
def test_a_wrong_answer(
    cluster: Cluster, status: int, headers: dict[str, str], body: bytes, messages: list[str], path: str
) -> None:
    cluster.backend.fault = lambda _method, asked: (status, headers, body) if asked == path else None
    line = _line(cluster.submit())
    assert line.startswith(f"millrace: {cluster.host}")
    for message in messages:
        assert message in line
    assert sum(call.endswith(path) for call in cluster.backend.calls) == 1
    assert not cluster.backend.runs


def test_an_api_of_something_else_says_where_kfps_is(cluster: Cluster) -> None:
    """KFP itself has a 404 with a text for runs that it does not know."""
    cluster.backend.fault = lambda _method, _asked: (404, {}, b'{"message": "no route matched"}')
    line = _line(cluster.submit())
    assert "to GET /apis/v2beta1/healthz: no route matched. There is no Kubeflow Pipelines API" in line
    assert "--host is where KFP's API or UI is: " in line


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((403, {}, b'{"message": "not with token=Bearer abcS3CRET"}'), "not with token=Bearer …. Whoever asks may not"),
        ((302, {"Location": "/login?token=abcS3CRET"}, b""), "go to /login?token=…. That is"),
        ((200, {}, b"Bearer abcS3CRET"), "the answer is no JSON object. Received: 'Bearer …'"),
    ],
)
def test_a_token_that_the_server_repeats_is_not_shown(
    cluster: Cluster, tmp_path: pathlib.Path, answer: tuple[int, dict[str, str], bytes], message: str
) -> None:
    (tmp_path / "token").write_text("abcS3CRET")
    cluster.backend.fault = lambda _method, _asked: answer
    assert message in _line(cluster.submit("--token-file", str(tmp_path / "token")))


@pytest.mark.parametrize("body", [b"{}", b'{"status": "ok"}', b'{"multi_user": "no"}'])
def test_json_of_something_else(cluster: Cluster, body: bytes) -> None:
    cluster.backend.fault = lambda _method, _asked: (200, {"Content-Type": "application/json"}, body)
    assert "answers in JSON, but not as Kubeflow Pipelines does" in _line(cluster.submit())


@pytest.mark.parametrize("body", [b"[1, 2]", b"null", b"[" * 99999])
@pytest.mark.parametrize("call", ["/healthz", "/pipelines", "/runs"])
def test_json_that_is_no_object(cluster: Cluster, body: bytes, call: str) -> None:
    cluster.backend.fault = lambda _method, asked: (200, {}, body) if asked.endswith(call) else None
    assert "the answer is no JSON object. Received: " in _line(cluster.submit())


@pytest.mark.parametrize("body", [b"{}", b'{"run_id": "", "experiment_id": ""}'])
@pytest.mark.parametrize(
    ("call", "options", "what"),
    [
        ("runs", (), "run"),
        ("experiments", (), "experiment"),
        ("pipelines/upload", (), "pipeline"),
        ("recurringruns", ("--cron", "@daily"), "recurring run"),
    ],
)
def test_an_answer_without_an_id(cluster: Cluster, call: str, options: tuple[str, ...], what: str, body: bytes) -> None:
    made = ("POST", f"/apis/v2beta1/{call}")
    cluster.backend.fault = lambda method, asked: (200, {}, body) if (method, asked) == made else None
    assert f"KFP's answer has no id of the {what}: look in its UI" in _line(cluster.submit(*options))


@pytest.mark.parametrize("field", ["tag_name", "apiServerTagName"])
@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("2.4.1", True),
        ("v1.8.22", True),
        ("2.5.0", False),
        ("2.14.0-rc.1", False),
        ("unknown", False),
        ("4d9e2f0.3.1", False),
        ("", False),
    ],
)
def test_a_kfp_that_is_too_old(cluster: Cluster, field: str, version: str, old: bool) -> None:
    """The API server and the UI before it tell the version differently."""
    cluster.backend.versions_told = {field: version}
    answer = cluster.submit()
    assert (answer.code, len(cluster.backend.runs)) == ((ExitCode.INPUT, 0) if old else (ExitCode.OK, 1))
    if old:
        assert f"is Kubeflow Pipelines {version}; what is compiled here needs 2.5.0 or later" in _line(answer)
        assert len(cluster.backend.calls) == 1


def test_a_token_that_no_header_can_hold_is_not_shown(
    cluster: Cluster, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("abcS3CRET\nsecond")
    answers = [cluster.submit("--token-file", str(tmp_path / "token"))]
    monkeypatch.setenv("MILLRACE_TOKEN", "abcS3CRET\u00e9")
    answers.append(cluster.submit())
    for answer in answers:
        assert "a bearer token is one word of ASCII characters" in _line(answer)
        assert "S3CRET" not in answer.out + answer.err


@pytest.mark.parametrize("option", ["--cron", "--resume", "--namespace", "--experiment", "--token-file", "--file"])
def test_a_variable_of_the_shell_that_is_not_set_starts_nothing(cluster: Cluster, option: str) -> None:
    assert f"{option} is empty" in _line(cluster.submit(option, ""))
    assert not cluster.backend.runs


@pytest.mark.parametrize("host", ["http://me:s3cret@there", "http://me:s3cret word@there:x", "me:s3cret@there"])
def test_a_password_in_the_address_is_refused_and_not_shown(cluster: Cluster, host: str) -> None:
    answer = cluster.submit(host=host)
    assert "leave out what stands before the @" in _line(answer)
    assert "s3cret" not in answer.out + answer.err
    assert not cluster.backend.calls


def test_a_certificate_that_nobody_has_signed(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def secure(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1000)
            wrapped.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with _listening(secure) as address:
        line = _line(cluster.submit(host=f"https://{address}"))
        assert "its TLS certificate cannot be trusted (self" in line
        assert "with --ca-file FILE" in line
        assert "answered 404" in _line(cluster.submit("--ca-file", certificate, host=f"https://{address}"))
        assert "--ca-file holds no certificate (PEM)" in _line(
            cluster.submit("--ca-file", key, host=f"https://{address}")
        )


def test_tls_where_there_is_none(cluster: Cluster) -> None:
    line = _line(cluster.submit(host=cluster.host.replace("http:", "https:")))
    assert "it does not speak TLS: write http:// instead of https://" in line
