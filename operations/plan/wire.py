"""Pulumi's wire format: protobuf values in which secrets and unknowns carry marks."""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from operations.plan.values import SECRET_KEY, UNKNOWN, Secret

UNKNOWN_WIRE: Final = rpc.UNKNOWN
SECRET_SIGNATURE: Final = rpc._special_secret_sig


def secret(value: Any) -> dict[str, Any]:
    """The value marked secret, in wire format."""
    return {SECRET_KEY: SECRET_SIGNATURE, "value": value}


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
    signature = struct.fields.get(SECRET_KEY)
    if signature is None:
        return decode_fields(struct)
    if signature.string_value == SECRET_SIGNATURE:
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
    signature = fields.get(SECRET_KEY)
    if signature is not None and signature.string_value == SECRET_SIGNATURE:
        return True
    return any(is_secret(item) for item in fields.values())
