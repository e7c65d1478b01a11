"""What an evaluated input may be besides JSON: a secret, or a value that only the real run will know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

SECRET_TEXT: Final = "[secret]"  # noqa: S105 what is shown in place of one
UNKNOWN_TEXT: Final = "[known after up]"
PLANNED: Final = "planned-by-openova-"
"""How every text begins that stands in a plan for one that only a real run has; fit to stand in a URL."""


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi marked secret. It prints as `[secret]`, whatever is inside."""

    value: Any

    def __repr__(self) -> str:
        return SECRET_TEXT


@dataclass(frozen=True)
class Unknown:
    """A value that no plan can know: an id, an address, the output of a command."""

    def __repr__(self) -> str:
        return UNKNOWN_TEXT


UNKNOWN: Final = Unknown()

Value: TypeAlias = "bool | float | int | str | Secret | Unknown | list[Value] | dict[str, Value] | None"


def decode(value: struct_pb2.Value) -> Any:
    """A protobuf value of Pulumi's wire format as a `Value`: secrets and unknowns keep their marks."""
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_object(value.struct_value)
        case _:
            return None


def decode_fields(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The fields of a protobuf struct, each as a `Value`, in the order of their names."""
    return {key: decode(struct.fields[key]) for key in sorted(struct.fields)}


def _decode_object(struct: struct_pb2.Struct) -> Any:
    signature = struct.fields.get(rpc._special_sig_key)
    if signature is None:
        return decode_fields(struct)
    if signature.string_value == rpc._special_secret_sig:
        return Secret(decode(struct.fields["value"]))
    if signature.string_value == rpc._special_resource_sig:
        return decode(struct.fields["urn"])
    return UNKNOWN


def is_secret(value: struct_pb2.Value) -> bool:
    """True where the value, or anything inside it, is marked secret."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return any(is_secret(item) for item in value.list_value.values)
    if kind != "struct_value":
        return False
    fields = value.struct_value.fields
    signature = fields.get(rpc._special_sig_key)
    if signature is not None and signature.string_value == rpc._special_secret_sig:
        return True
    return any(is_secret(item) for item in fields.values())


def redact(value: Any) -> Any:
    """The value with every secret as `[secret]` and every unknown as `[known after up]`: fit to be shown."""
    if isinstance(value, Secret):
        return SECRET_TEXT
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    if isinstance(value, Mapping):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    return value


def reveal(value: Any) -> Any:
    """The value with the marks of secrets taken off, for tests that look inside. Never print it."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value
