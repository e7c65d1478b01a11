"""A resource monitor that records what a program registers, in-process and without an engine.

It extends the mock monitor of the Pulumi SDK, which knows neither parents nor options, secret marks
or stack outputs. A test compares the methods of the two, so that an upgrade of the SDK that adds a
call shows up there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from operations.plan.recorded import REFERENCE_TYPE, STACK_TYPE, Recorded
from operations.plan.values import UNKNOWN_TEXT
from operations.plan.wire import UNKNOWN_WIRE, decode_fields, is_secret

Outputs = Mapping[str, Any]
"""Stack outputs in Pulumi's wire format as JSON: secrets and unknowns keep their marks."""


Answer = Callable[[Recorded], Mapping[str, Any]]
"""Gives the outputs that a provider would add to a resource's inputs, in wire format; `id` is the resource's id."""

ReadStack = Callable[[str], Outputs]
"""Gives the outputs of another stack by its name; empty where it has none yet."""


class RecordingMonitor(mocks.MockMonitor):
    """Records resources, options and stack outputs; answers as a preview of an empty account would."""

    def __init__(self, project: str, stack: str, answer: Answer, read_stack: ReadStack) -> None:
        super().__init__(mocks=_NoMocks())
        self._project = project
        self._stack = stack
        self.recorded: dict[str, Recorded] = {}
        self.registered_outputs: dict[str, dict[str, Any]] = {}
        self.stack_outputs: dict[str, Any] = {}
        self.read_stacks: list[str] = []
        self._answer = answer
        self._read_stack = read_stack

    def features(self) -> list[int]:
        """The features of the engine that the SDK may use with this monitor."""
        return list(self.GetDeploymentInfo(None).supportedFeatures)  # type: ignore[no-untyped-call]

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN that the engine would give: the types of all parents but the stack, joined by `$`."""
        if parent:
            parent_type = parent.split("::")[2]
            if parent_type != STACK_TYPE:
                type_ = f"{parent_type}${type_}"
        return f"urn:pulumi:{self._stack}::{self._project}::{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the SDK's own name
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        resource = _recorded(urn, request)
        self.recorded[urn] = resource
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        answer = dict(self._answer(resource)) if resource.custom else {}
        state.update(answer)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=answer.get("id", ""), object=state)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = decode_fields(request.properties)
        self.recorded[urn] = Recorded(
            urn=urn, type=request.type, name=request.name, parent=request.parent, custom=True,
            inputs=inputs, read=True,
        )  # fmt: skip
        state = struct_pb2.Struct()
        if request.type == REFERENCE_TYPE:
            self.read_stacks.append(request.id)
            outputs = struct_pb2.Struct()
            json_format.ParseDict(settled(self._read_stack(stack_name(request.id))), outputs)
            secrets = sorted(key for key, value in outputs.fields.items() if is_secret(value))
            state.update({"name": request.id, "secretOutputNames": secrets})
            state.fields["outputs"].struct_value.CopyFrom(outputs)
        else:
            state.CopyFrom(request.properties)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=state)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn.split("::")[2] == STACK_TYPE:
            self.stack_outputs = json_format.MessageToDict(request.outputs)
        else:
            self.registered_outputs[request.urn] = decode_fields(request.outputs)
        return empty_pb2.Empty()


def stack_name(qualified: str) -> str:
    """`eu` of `organization/openova/eu`."""
    return qualified.rsplit("/", 1)[-1]


def settled(outputs: Any) -> Any:
    """Outputs as another stack would read them from a finished state, where nothing is unknown any more."""
    if isinstance(outputs, Mapping):
        return {key: settled(value) for key, value in outputs.items()}
    if isinstance(outputs, list):
        return [settled(value) for value in outputs]
    return UNKNOWN_TEXT if outputs == UNKNOWN_WIRE else outputs


def _recorded(urn: str, request: Any) -> Recorded:
    return Recorded(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        inputs=decode_fields(request.object),
        depends_on=tuple(sorted(request.dependencies)),
        feeds={key: tuple(sorted(deps.urns)) for key, deps in request.propertyDependencies.items()},
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        aliases=tuple(alias.spec.name or alias.urn for alias in request.aliases),
        provider=request.provider.split("::")[-2] if request.provider else "",
        deleted_with=request.deletedWith,
    )


class _NoMocks(mocks.Mocks):
    """The plan calls no provider function; one that appears is an error, not a silent empty answer."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"The plan has no answer for the provider function {args.token}.")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError(args.typ)
