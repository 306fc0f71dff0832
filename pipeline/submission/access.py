"""Who asks which Kubeflow Pipelines: kfp's client, with the token that there is."""

from __future__ import annotations

import dataclasses
import os
import re
import warnings
from typing import Any, Union

import kfp
from kfp.client import KF_PIPELINES_SA_TOKEN_ENV, KF_PIPELINES_SA_TOKEN_PATH, ServiceAccountTokenVolumeCredentials

from components.errors import InputError
from pipeline.submission import address, health
from pipeline.submission.health import Health
from pipeline.submission.transport import TOKEN, WHOLE, Transport


@dataclasses.dataclass(frozen=True)
class Access:
    """Where KFP is, and whose it is used as."""

    host: str
    namespace: Union[str, None] = None
    token_file: Union[str, None] = None
    """Read for each call, as such tokens are renewed."""
    ca_file: Union[str, None] = None

    @property
    def words(self) -> tuple[str, ...]:
        """The options that say so."""
        given = {
            "--host": self.host,
            "--namespace": self.namespace,
            "--token-file": self.token_file,
            "--ca-file": self.ca_file,
        }
        return tuple(word for option, value in given.items() if value for word in (option, value))


class Client(kfp.Client):
    """kfp's client, whose calls fail as `Transport` says, and which writes nothing into the home folder."""

    def __init__(self, access: Access, seconds: float = WHOLE) -> None:
        """`seconds` is what a call may take."""
        self._seconds = seconds
        self.host = access.host
        self._health: Union[Health, None] = None
        self._namespace = access.namespace
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().__init__(
                access.host,
                # What kfp takes for "none", with which it asks the server whether it needs one.
                namespace=access.namespace or "kubeflow",
                ssl_ca_cert=access.ca_file,
                **_credentials(access),
            )
        multi_user = self.get_kfp_healthz().multi_user
        if multi_user and not self.get_user_namespace():
            raise InputError(f"{access.host} serves several users, each in a namespace: name yours with --namespace")
        self.ignores_namespace = bool(access.namespace) and not multi_user

    def get_kfp_healthz(self, sleep_duration: int = 0) -> Health:
        """One call, the first of all; kfp makes five, five seconds apart."""
        if self._health is None:
            api = self.runs.api_client
            api.rest_client = Transport(api.configuration, self._seconds)
            self._health = health.read(self.get(health.PATH), self.host)
        return self._health

    def set_user_namespace(self, namespace: str) -> None:
        """Kept for this process; kfp writes it to ~/.config for all that follow."""
        self._namespace = namespace

    def get_user_namespace(self) -> str:
        """The namespace of what is made; empty for a KFP without users."""
        return self._namespace or str(super().get_user_namespace())

    def link(self, run_id: str) -> str:
        """A run's page in KFP's UI."""
        return f"{self.host}/#/runs/details/{run_id}"

    def recurring_link(self, recurring_run_id: str) -> str:
        """A recurring run's page in KFP's UI."""
        return f"{self.host}/#/recurringrun/details/{recurring_run_id}"

    def end_by(self, until: float) -> None:
        """From now on calls are to have ended then, on the monotonic clock."""
        self.runs.api_client.rest_client.until = until

    def shown(self, text: str) -> str:
        """What KFP has said, in one line without the token."""
        return str(self.runs.api_client.rest_client.shown(" ".join(text.split())))

    def get(self, path: str, **parameters: str) -> Any:
        """What KFP answers there, as it is: the generated client leaves out what the published API does not have."""
        return self.runs.api_client.call_api(
            path,
            "GET",
            path_params=parameters,
            header_params={"Accept": "application/json"},
            response_type="object",
            auth_settings=["Bearer"],
            _return_http_data_only=True,
        )


def connect(access: Access, seconds: float = WHOLE) -> Client:
    """A client of the KFP at `access.host`, which has answered. A call of it may take so many seconds.

    Raises:
        InputError: it has not, or the address or the token is none.
    """
    return Client(dataclasses.replace(access, host=address.of(access.host)), seconds)


def _credentials(access: Access) -> dict[str, Any]:
    mounted = os.environ.get(KF_PIPELINES_SA_TOKEN_ENV, KF_PIPELINES_SA_TOKEN_PATH)
    token = os.environ.get(TOKEN, "").strip()
    if access.token_file is None and token:
        _check_token(TOKEN, token)
        return {"existing_token": token}
    path = access.token_file or (mounted if os.path.isfile(mounted) else None)
    if path is None:
        return {}
    what = f"--token-file {path}" if access.token_file else f"{path}, the token of this pod's service account"
    try:
        with open(path, encoding="utf-8") as file:
            held = file.read().strip()
    except (OSError, UnicodeError) as error:
        raise InputError(f"{what}: {getattr(error, 'strerror', None) or 'no text'}") from None
    if not held:
        raise InputError(f"{what}: the file is empty; it must hold a bearer token")
    _check_token(what, held)
    return {"credentials": ServiceAccountTokenVolumeCredentials(path)}


def _check_token(what: str, token: str) -> None:
    """Refuse what no header can hold (RFC 6750, section 2.1), without telling it."""
    if not re.fullmatch(r"[!-~]+", token):
        raise InputError(f"{what}: a bearer token is one word of ASCII characters, and there is something else in it")
