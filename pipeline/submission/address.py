"""Where a KFP is, as people type its address, or copy it from the page that they look at."""

from __future__ import annotations

import re
import urllib.parse

from components.errors import InputError
from pipeline.submission.transport import TOKEN, WHERE


def of(host: str) -> str:
    """The address below which KFP's API is.

    Raises:
        InputError: `host` is none.
    """
    if re.match(r"(\w+://)?[^/?#]*@", host):
        raise InputError(
            "--host: leave out what stands before the @ (it would be printed in links, and KFP takes no password): "
            f"a token goes in a file, --token-file FILE, or in {TOKEN}"
        )
    if not re.match(r"https?://[^/\s]", host):
        if "://" in host:
            raise InputError(f"--host {host}: an address begins with http:// or https:// and a name. {WHERE}")
        raise InputError(f"--host {host}: write the whole address, http://{host} or https://{host}")
    if not host.isprintable() or " " in host:
        raise InputError(f"--host {host!r}: there is a space, or what cannot be seen, in it")
    try:
        urllib.parse.urlsplit(host).port  # noqa: B018 (it is what finds that it is none)
    except ValueError as error:
        raise InputError(f"--host {host}: that is no address: {error}") from None
    return re.split("[?#]", host)[0].rstrip("/")
