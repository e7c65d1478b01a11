"""A request as handlers see it, what they answer, and bodies that are checked strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from lab.cloudflare.errors import ApiError, invalid

B = TypeVar("B", bound="Body")


class Body(BaseModel):
    """A body of which every field is known and has the right type: an unknown one is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True)
class Request:
    """`path` holds what the route's braces matched; header names are in lower case."""

    method: str
    path: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    token: str = ""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ApiError."""
        try:
            value = json.loads(self.raw or b"{}")
        except ValueError:
            raise ApiError(400, 6007, "Malformed JSON in request body") from None
        if not isinstance(value, dict):
            raise ApiError(400, 6007, "Malformed JSON in request body")
        return value

    def body(self, form: type[B], base: Mapping[str, Any] | None = None) -> B:
        """The body in this form; with `base`, as a change of what is there (PATCH). Raises ApiError."""
        try:
            return form.model_validate({**(base or {}), **self.json()})
        except ValidationError as error:
            raise invalid("; ".join(_said(problem) for problem in error.errors())) from None


@dataclass(frozen=True)
class Answer:
    """A success; a list is answered page by page."""

    result: Any
    status: int = 200
    messages: tuple[dict[str, Any], ...] = ()

    def body(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The envelope; a list is cut into the page that was asked for."""
        envelope = {"result": self.result, "success": True, "errors": [], "messages": list(self.messages)}
        if isinstance(self.result, list):
            page, size = _number(query, "page", 1), _number(query, "per_page", 100)
            shown = self.result[(page - 1) * size : page * size]
            envelope["result"] = shown
            envelope["result_info"] = {
                "page": page,
                "per_page": size,
                "count": len(shown),
                "total_count": len(self.result),
                "total_pages": -(-len(self.result) // size),
            }
        return envelope


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ApiError(400, 6003, f"Invalid value for {name}")
    return int(text)


def _said(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown field {where!r}"
    return f"{where}: {problem['msg']}" if where else str(problem["msg"]).removeprefix("Value error, ")
