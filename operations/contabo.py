"""`python -m operations.contabo ensure | adopt`: one server at Contabo, asked for and answered in JSON.

The request comes on standard input, because it holds secrets: `{"credentials": {...}, "order": {...}}`, the
fields of `components.contabo.Credentials` and `Order`. On standard output comes
`{"address", "id", "vHostId", "dataCenter"}` once the server runs; what happens meanwhile goes to standard
error. `ensure` orders where the order allows it; `adopt` never does. It exits with 0, with 1 where a person has to
act, with 2 where the request is not understood.

For tests, OPENOVA_CONTABO_API_URL and OPENOVA_CONTABO_TOKEN_URL name another API, on 127.0.0.1 only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TextIO
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from components.contabo import ContaboClient, ContaboError, Credentials, Endpoints, NoAnswerError, Order

EXIT_A_PERSON = 1
EXIT_NOT_UNDERSTOOD = 2
_API, _TOKEN = "OPENOVA_CONTABO_API_URL", "OPENOVA_CONTABO_TOKEN_URL"


@dataclass(frozen=True)
class Request:
    """What stands on standard input."""

    credentials: Credentials
    order: Order


class NotUnderstoodError(Exception):
    """The call, its environment or its request is not what the documentation of this module says."""


def run(verb: str, text: str, environment: Mapping[str, str], told: TextIO) -> str:
    """The answer to a request, as JSON. Raises NotUnderstoodError, ContaboError and NoAnswerError."""
    request = _read(text)
    order = request.order if verb == "ensure" else replace(request.order, may_order=False)
    client = ContaboClient(
        request.credentials,
        endpoints=endpoints(environment),
        note=lambda line: print(line, file=told, flush=True),
    )
    instance = client.ensure(order)
    return json.dumps(
        {
            "address": instance.address,
            "id": instance.id,
            "vHostId": instance.host or 0,
            "dataCenter": instance.data_center,
        },
        sort_keys=True,
    )


def endpoints(environment: Mapping[str, str]) -> Endpoints:
    """Contabo's own, or a test's. Raises NotUnderstoodError for any other: credentials would go there."""
    given = {name: environment[name] for name in (_API, _TOKEN) if environment.get(name)}
    for name, url in given.items():
        if urlsplit(url).scheme != "http" or urlsplit(url).hostname != "127.0.0.1":
            raise NotUnderstoodError(
                f"{name} is for tests and names an API on http://127.0.0.1. The credentials of the account would be "
                "sent to another host. Take it out of the environment."
            )
    if given and len(given) != 2:
        raise NotUnderstoodError(f"{_API} and {_TOKEN} belong together. Set both, or none.")
    return Endpoints(api=given[_API], token=given[_TOKEN]) if given else Endpoints()


def _read(text: str) -> Request:
    try:
        return TypeAdapter(Request).validate_json(text)
    except ValidationError as error:
        # Without the input, which holds secrets.
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the whole'}: {item['msg']}"
            for item in error.errors(include_input=False, include_context=False, include_url=False)
        )
        raise NotUnderstoodError(f"The request on standard input is not of the documented form: {wrong}.") from None


def main(arguments: Sequence[str]) -> int:
    """Run as a command, and give the exit code."""
    if list(arguments) not in (["ensure"], ["adopt"]):
        sys.stderr.write("usage: python -m operations.contabo ensure|adopt < request.json\n")
        return EXIT_NOT_UNDERSTOOD
    try:
        sys.stdout.write(run(arguments[0], sys.stdin.read(), os.environ, sys.stderr))
    except NotUnderstoodError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_UNDERSTOOD
    except ContaboError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_A_PERSON
    except NoAnswerError as error:
        sys.stderr.write(
            f"Contabo does not answer ({error}).\n"
            "  Otherwise: what exists is not known, so nothing was ordered without that being noted.\n"
            "  Fix: run pulumi up again; what was ordered is found by its name and not ordered twice.\n"
        )
        return EXIT_A_PERSON
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
