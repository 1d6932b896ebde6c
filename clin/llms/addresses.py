"""Where an endpoint is, and whether the user's key may go there.

A reference may come from an experiment file or a merged database, which somebody else wrote. So a
key goes to hosts that the user named: in a reference typed for this command, with ``--allow-host``
or in CLIN_ALLOW_HOSTS. It goes to the provider's own host too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from urllib.parse import SplitResult, urlsplit

from clin.errors import ModelError, UserError

PROVIDER = ("https", "api.openai.com")
"""Scheme and host of the provider whose key it is. Without encryption everybody on the way reads
the key."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that are asked without a key where they were not named."""
VARIABLE = "CLIN_ALLOW_HOSTS"
_HOST = re.compile(r"[\w.-]+|[\da-f:.]+")
"""A host without a character that two readers of an address may take for different things."""
_URL = re.compile(r"@https?://")
_SECRETS = ("OPENAI_API_KEY", "OPENAI_CUSTOM_HEADERS")
"""What the client sends along: the key, and headers of the user's own."""


def user_key() -> str:
    """The key from the environment; ModelError, which does not repeat it, if no header can hold
    it."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ModelError(
            "the key in OPENAI_API_KEY holds characters that a request's header cannot; was it "
            "copied whole?"
        )
    return key


def allowed_hosts(given: Iterable[str] = (), typed: Iterable[str] = ()) -> frozenset[str]:
    """The hosts that the user named: ``given`` with ``--allow-host``, those in CLIN_ALLOW_HOSTS,
    and those of the references that were ``typed``. UserError for what is no host."""
    words = [*given, *os.environ.get(VARIABLE, "").replace(",", " ").split()]
    return frozenset(map(_host, words)) | hosts_of(typed)


def hosts_of(references: Iterable[str]) -> frozenset[str]:
    """The hosts of those ``references`` that are endpoints with an address."""
    parts = [reference.partition(":") for reference in references]
    hosts = [_place(rest)[1] for kind, _, rest in parts if kind == "openai"]
    return frozenset(filter(None, hosts))


def check_hosts(references: Iterable[str], allowed: Collection[str]) -> None:
    """ModelError for the first of ``references`` whose host may not have the user's key, where
    there is one. Nothing is sent."""
    for reference in references:
        kind, _, rest = reference.partition(":")
        if kind == "openai":
            key_for(rest, allowed)


def key_for(reference: str, allowed: Collection[str] | None) -> str:
    """The key to ask ``MODEL@URL`` with; empty where there is none.

    None for ``allowed`` says that the caller named the reference itself. A host of this machine
    that was not named is asked without the key; for any other one it is a ModelError.
    """
    scheme, host = _place(reference)
    own = (scheme, host) in (PROVIDER, ("", ""))
    if own or allowed is None or host in allowed:
        return user_key()
    secrets = [name for name in _SECRETS if os.environ.get(name, "").strip()]
    if not secrets or (host in LOCAL and secrets == ["OPENAI_API_KEY"]):
        return ""
    raise ModelError(
        f"the host '{host}' was not named in this command, so {secrets[0]} is not sent there: "
        f"allow it with --allow-host {host} or {VARIABLE}={host}, or unset {secrets[0]}"
    )


def address(reference: str) -> tuple[str, str]:
    """``MODEL@URL`` as both; the URL is empty where none is given.

    ModelError if it is malformed or holds what may be a secret, since the reference is stored with
    the run. No part of a refused URL is repeated: it may be the key.
    """
    name, at, url = _parted(reference)
    split = _split(url)
    if not name or split is None or (at and not (split.scheme and split.hostname)):
        raise ModelError(
            f"'openai:{name}@…' is not of the form openai:MODEL@URL (URL such as "
            "http://localhost:8080/v1)"
        )
    if split.username is not None or split.query or split.fragment:
        raise ModelError(
            "an endpoint's URL holds no user, password, query or fragment: give the key as "
            "OPENAI_API_KEY"
        )
    return name, url


def _parted(reference: str) -> tuple[str, str, str]:
    """The name, "@" and the URL. A name may hold an "@" where a URL with its scheme follows."""
    begins = _URL.search(reference)
    if begins is None:
        return reference.partition("@")
    return reference[: begins.start()], "@", reference[begins.start() + 1 :]


def _place(reference: str) -> tuple[str, str]:
    """Scheme and host of ``MODEL@URL``; empty where there is no URL."""
    split = urlsplit(address(reference)[1])
    return split.scheme, split.hostname or ""


def _host(word: str) -> str:
    host = word.strip().strip("[]").lower()
    if not _HOST.fullmatch(host):
        raise UserError(f"'{word}' is not the name of a host (as in api.example.com)")
    return host


def _split(url: str) -> SplitResult | None:
    """The parts of a web address; None for what is none. An empty one has empty parts."""
    try:
        split = urlsplit(url)
        plain = not split.hostname or _HOST.fullmatch(split.hostname)
        usable = plain and split.scheme in ("", "http", "https") and split.port != 0
    except ValueError:
        return None
    return split if usable else None
