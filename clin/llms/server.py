"""A server behind OpenAI's chat protocol: what it is asked, and what each failure means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clin.errors import ModelError
from clin.llms.addresses import user_key
from clin.llms.chat_reply import NoReply, Reply, reply_of
from clin.llms.outage import Outage

RETRIES = 4
"""How often the client tries again by itself, with growing pauses of 7.5 s together."""
GREETING = 10.0
"""Seconds for a request that only asks whether the server is there."""
AWAY = frozenset({429, 502, 503, 504})
"""Statuses of a server that is busy, starting, or behind a proxy that does not reach it."""
NO_MONEY = "insufficient_quota"
"""The code with which a status 429 does not pass by waiting."""
NO_API = "answered without a reply; does its address end with /v1?"


class Refused(Exception):
    """A status 400. Its text is what the server says, in one line and without the key; ``field`` is
    the field that it names, and ``code`` its word for what is wrong, where it has these."""

    def __init__(self, text: str, field: object, code: object) -> None:
        super().__init__(text)
        self.field, self.code = field, code


class Server:
    """The model ``name`` at ``url`` (empty: the client's default), asked from several threads.

    ``key`` never stands in an error. A request may take ``timeout`` seconds. A server that went
    away is waited for ``patience`` seconds, and ``tell`` is given a line when that begins and ends.
    """

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        *,
        timeout: float,
        patience: float,
        tell: Callable[[str], None],
    ) -> None:
        try:
            import openai
        except ImportError:
            raise ModelError(
                "endpoints need the openai client: pip install 'clin[openai]'"
            ) from None
        self._errors, self._name, self._key, self._timeout = openai, name, key, timeout
        self.where = url or "the client's default"
        self._client = openai.OpenAI(
            base_url=url or None, api_key=key or "none", timeout=timeout, max_retries=RETRIES
        )
        self._outage = Outage(self.where, patience, tell)

    def greet(self) -> None:
        """Ask for the list of models, to see that the server is there; ModelError if it is not. One
        that has no list, or is busy, may answer questions all the same."""
        client, errors = self._client.with_options(timeout=GREETING), self._errors
        try:
            client.models.with_raw_response.list()
        except errors.AuthenticationError as error:
            raise self._told(error) from None
        except (errors.APIStatusError, errors.APITimeoutError):
            return
        except errors.APIConnectionError as error:
            raise self._told(error) from None

    def reply(self, request: dict[str, Any], wanted: Callable[[], bool]) -> Reply:
        """What the model replies to ``request``. A server that is away is waited for, as long as
        the reply is ``wanted``.

        Refused where the request may be taken in another form, ModelError for anything else that
        goes wrong.
        """
        client = self._client
        while True:
            try:
                reply = reply_of(client.chat.completions.create(**request))
            except self._errors.BadRequestError as error:
                raise Refused(self._cleaned(error), error.param, error.code) from None
            except (self._errors.APIError, NoReply, ValueError) as error:
                if not self._is_away(error):
                    raise self._told(error) from None
                self._outage.wait(self._told(error), wanted)
                client = self._client.with_options(max_retries=0)
            else:
                self._outage.over()
                return reply

    def close(self) -> None:
        """Wait for nothing any longer."""
        self._outage.close()
        self._client.close()

    def _is_away(self, error: Exception) -> bool:
        """Whether a later try may find the server there. One that takes too long over a question,
        and answers when it is greeted, is there."""
        if isinstance(error, NoReply):
            return error.code in AWAY
        if isinstance(error, self._errors.APITimeoutError):
            return not self._answers()
        if isinstance(error, self._errors.APIStatusError):
            return error.status_code in AWAY and error.code != NO_MONEY
        return isinstance(error, self._errors.APIConnectionError)

    def _answers(self) -> bool:
        client = self._client.with_options(timeout=GREETING, max_retries=0)
        try:
            client.models.with_raw_response.list()
        except self._errors.APIConnectionError:
            return False
        except self._errors.APIError:
            return True
        return True

    def _told(self, error: Exception) -> ModelError:
        """What went wrong, in one line."""
        errors = self._errors
        if isinstance(error, errors.APITimeoutError):
            why = (
                f"did not answer within {self._timeout:g} s, {RETRIES + 1} times "
                "(--endpoint-timeout)"
            )
        elif isinstance(error, errors.APIConnectionError):
            why = f"cannot be reached ({RETRIES + 1} tries); is the server running?"
        elif isinstance(error, errors.AuthenticationError):
            why = self._key_wanted()
        elif isinstance(error, errors.NotFoundError):
            why = f"does not know '{self._name}': {self._cleaned(error)}"
        elif isinstance(error, errors.APIResponseValidationError):
            why = NO_API
        elif isinstance(error, errors.APIError):
            return ModelError(f"{self.where}: {self._cleaned(error)}")
        elif isinstance(error, NoReply) and str(error):
            why = f"answered without a reply: {self._cleaned(error)}"
        else:  # a body that is no JSON, or holds nothing
            why = NO_API
        return ModelError(f"{self.where} {why}")

    def _cleaned(self, error: Exception) -> str:
        """What the server says, in one line and without the key."""
        said = " ".join(str(error).split())
        return (said.replace(self._key, "***") if self._key else said)[:300]

    def _key_wanted(self) -> str:
        if self._key:
            return "refuses the key in OPENAI_API_KEY"
        if user_key():
            return "wants a key, and its host was not named: give --allow-host"
        return "wants a key: set OPENAI_API_KEY"
