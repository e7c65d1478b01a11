"""Refusals, with Cloudflare's status codes, numbers and words.

Where each is from: public bug reports that quote the API's answer (terraform-provider-cloudflare 66, 133, 6275,
cloudflare-ingress-controller 18, ddns-go 916 and 1378, favonia/cloudflare-ddns 990, timothymiller/cloudflare-ddns 230,
linuxserver/docker-mods 280) and the provider's own source. `unsure` marks numbers from memory.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer that is not a success. `chain` are the errors that the first one was caused by."""

    def __init__(self, status: int, code: int, message: str, chain: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.chain = chain
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The envelope around the refusal."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": message} for code, message in self.chain]
        return {"result": None, "success": False, "errors": [error], "messages": []}


def invalid(what: str) -> ApiError:
    """A body that load balancing refuses."""
    return ApiError(400, 1002, f"{what}: validation failed")


def not_unique(what: str) -> ApiError:
    """A second object of the same name."""
    return ApiError(400, 1003, f"{what}: value not unique")


def absent(what: str) -> ApiError:
    """An id that load balancing does not know."""
    return ApiError(404, 1001, f"{what} not found")


def referenced() -> ApiError:
    """An object that others use cannot be deleted."""
    return ApiError(412, 1005, "This object is referenced by other objects, delete them first.")


def not_enabled() -> ApiError:
    """Load balancing was not bought (unsure)."""
    return ApiError(403, 1006, "Load Balancing is not enabled for your account or zone.")


def no_route(path: str) -> ApiError:
    """A path that is none."""
    return ApiError(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def no_token() -> ApiError:
    """A request without credentials (unsure)."""
    return ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")


def malformed_token() -> ApiError:
    """Credentials that cannot be any."""
    return ApiError(400, 6003, "Invalid request headers", ((6111, "Invalid format for Authorization header"),))


def unknown_token() -> ApiError:
    """A token that was never made, or was revoked (unsure)."""
    return ApiError(403, 9109, "Invalid access token")


def missing_scope() -> ApiError:
    """A token that may not do this; Cloudflare does not say which permission is missing."""
    return ApiError(403, 10000, "Authentication error")


def foreign() -> ApiError:
    """An account or zone that is not the token's (unsure)."""
    return ApiError(403, 9109, "Unauthorized to access requested resource")


def throttled(seconds: int) -> ApiError:
    """Too many requests: 1,200 in five minutes are allowed (unsure of the number)."""
    error = ApiError(429, 971, "Please wait and consider throttling your request speed")
    error.headers["Retry-After"] = str(seconds)
    return error


def broken() -> ApiError:
    """A failure of Cloudflare's own."""
    return ApiError(500, 10001, "Internal server error")
