"""How calls travel to Kubeflow Pipelines: each once, with time limits; whatever goes wrong is one line that says so.

kfp's own client repeats three times what cannot be reached, waits for ever for an answer, takes any page for one, and
fails with a traceback of the HTTP library.
"""

from __future__ import annotations

import functools
import json
import math
import re
import socket
import time
import urllib.parse
from typing import Any

import urllib3
from kfp_server_api.exceptions import ApiException
from kfp_server_api.rest import RESTClientObject

from components.errors import InputError
from pipeline.submission.limit import within

TIMEOUT = (10, 60)
"""Seconds for a connection, and for the next bytes of an answer."""
WHOLE = 120
"""Seconds for a whole call: a server, or a proxy before it, may send byte by byte."""
LEAST = 3
"""Seconds that a call gets, however little time is left."""
PASSING = frozenset({429, 502, 503, 504})
"""Answers of servers that are overloaded or restarting."""
_TLS = 495
"""What nginx calls a connection whose certificate is wrong."""
WHERE = (
    "--host is where KFP's API or UI is: http://localhost:8080 behind `kubectl -n kubeflow port-forward "
    "svc/ml-pipeline-ui 8080:80`, https://…/pipeline in a whole Kubeflow"
)
TOKEN = "MILLRACE_TOKEN"
"""The environment variable that may hold a bearer token; on a command line others could read it."""
_TOKEN = f"give a bearer token: --token-file FILE, or {TOKEN} in the environment"


class CallError(InputError):
    """A call that failed. `status` is the answer's; 0 where none came."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed a little later."""
        return self.status in PASSING or self.status == 0


def told_id(value: Any, of: str) -> str:
    """The id that KFP gives of what it was asked for.

    Raises:
        CallError: it gives none.
    """
    if isinstance(value, str) and value:
        return value
    raise CallError(
        f"KFP's answer has no id of the {of}: look in its UI whether it is there, and at what answers at --host. "
        f"Received: {value!r}",
        status=200,
    )


class Transport(RESTClientObject):
    """What kfp's generated client sends its requests with.

    Attributes:
        until: when calls are to have ended, on the monotonic clock.
    """

    def __init__(self, configuration: Any, seconds: float = WHOLE) -> None:
        """`seconds` is what a whole call may take."""
        super().__init__(configuration)
        self.until = math.inf
        self._seconds = seconds
        # Redirects lead to pages for people.
        self.pool_manager.urlopen = functools.partial(self.pool_manager.urlopen, retries=False, redirect=False)
        self._host = configuration.host
        self._keys = configuration.api_key

    def request(self, method: str, url: str, **details: Any) -> Any:
        """The answer, which is a JSON object.

        Raises:
            CallError: there is none, or it is anything else.
        """
        details["_request_timeout"] = TIMEOUT
        path = urllib.parse.urlsplit(url).path
        seconds = min(self._seconds, max(self.until - time.monotonic(), LEAST))
        try:
            answer = within(seconds, functools.partial(super().request, method, url, **details))
        except TimeoutError:
            raise CallError(
                f"{self._host}: no whole answer to {method} {path} within {seconds:.3g} s: what is there sends too "
                "slowly, or never ends. It may have done what it was asked: look there before trying again"
            ) from None
        except ApiException as error:
            raise self._refused(error, method, path) from None
        except urllib3.exceptions.HTTPError as error:
            raise CallError(f"{self._host}: {_unreachable(error)}") from None
        except ValueError:  # it would tell the token
            raise InputError(
                f"{self._host}: the request cannot be sent: the address or the token has characters that none can have"
            ) from None
        if _message(answer.data) is None:
            raise CallError(f"{self._host}: {self.shown(_no_json(answer.data))}. {WHERE}", answer.status)
        return answer

    def _refused(self, error: ApiException, method: str, path: str) -> CallError:
        if not error.status:
            return CallError(f"{self._host}: {_insecure(str(error.reason))}", _TLS)
        what = f"{self._host} answered {error.status} {error.reason or ''}".rstrip() + f" to {method} {path}"
        if 300 <= error.status < 400:
            target = self.shown((error.headers or {}).get("location", "elsewhere"))[:120]
            return CallError(
                f"{what}: go to {target}. That is a page to log in ({_TOKEN}) or its new address", error.status
            )
        said = _message(error.body or b"")
        known = bool(said) and not path.endswith("/healthz")  # which KFP always has
        advice = _advice(error.status, known, "authorization" in self._keys)
        if said is None and error.body:
            said = _no_json(error.body)
        text = ". ".join(part for part in (f"{what}: {said}" if said else what, advice) if part)
        return CallError(self.shown(text), error.status)

    def shown(self, text: str) -> str:
        """What a server has said, as it may be shown: some repeat the token that they were sent."""
        token = self._keys.get("authorization")
        return text.replace(token, "…") if token else text


def _advice(status: int, known: bool, with_token: bool) -> str:
    if status == 401:
        return "The token was refused: has it run out?" if with_token else f"It wants to know who asks: {_TOKEN}"
    if status == 403:
        return "Whoever asks may not do that there: ask for the rights, or name another --namespace"
    if status == 404 and not known:
        return f"There is no Kubeflow Pipelines API (v2beta1, from 2.0 on). {WHERE}"
    if status == 409:
        return "Somebody has made the same there just now: try again"
    if status >= 500:
        return "That is the server's fault: its log says more (kubectl -n kubeflow logs deploy/ml-pipeline)"
    return ""


def _message(body: bytes | str) -> str | None:
    """What a JSON answer says of an error, in one line; None where it is no JSON object, as KFP's all are."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    told = fields.get("error_message") or fields.get("message") or fields.get("error") or ""
    return _line(str(told))


def _no_json(body: bytes | str) -> str:
    text = body if isinstance(body, str) else body.decode(errors="replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title or re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        name = f" titled {_line(title[1])!r}" if title else ""
        return f"the answer is a web page{name}, not JSON: a page to log in, or not KFP at all ({_TOKEN})"
    return f"the answer is no JSON object. Received: {_line(text)[:80]!r}"


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 400 else f"{flat[:400]}…"


def _unreachable(error: urllib3.exceptions.HTTPError) -> str:
    cause = error.__context__
    if isinstance(cause, (socket.gaierror, UnicodeError)):
        return f"no such host name. {WHERE}"
    if isinstance(cause, ConnectionRefusedError):
        return f"connection refused: nothing listens there. {WHERE}"
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {TIMEOUT[0]} s: is a firewall or a VPN between? {WHERE}"
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return f"no answer within {TIMEOUT[1]} s. It may have done what it was asked: look there before trying again"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return f"the connection ended without an answer ({_line(str(error))}): does it want https:// or another port?"
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}. {WHERE}"
    return f"{_line(str(error))}. {WHERE}"


def _insecure(reason: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        why = re.search(r"certificate verify failed: ([^(\n]+)", reason)
        return (
            f"its TLS certificate cannot be trusted ({why[1].strip() if why else 'verify failed'}): name the "
            "certificate of the authority that signed it with --ca-file FILE"
        )
    if "NO_CERTIFICATE_OR_CRL_FOUND" in reason:
        return "--ca-file holds no certificate (PEM)"
    if "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER_FAILURE" in reason:
        return "it does not speak TLS: write http:// instead of https://, or name its TLS port"
    return f"TLS failed: {_line(reason)}"
