"""The recording monitor against the SDK that it extends."""

from __future__ import annotations

import inspect

import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2_grpc

from operations.plan.monitor import RecordingMonitor
from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import UNKNOWN, Secret, redact
from operations.plan.wire import UNKNOWN_WIRE, secret
from tests.recording import record

ANSWERED = {
    "Call",
    "GetDeploymentInfo",
    "Invoke",
    "ReadResource",
    "RegisterErrorHook",
    "RegisterPackage",
    "RegisterResource",
    "RegisterResourceHook",
    "RegisterResourceOutputs",
    "RegisterStackInvokeTransform",
    "RegisterStackTransform",
    "SignalAndWaitForShutdown",
    "SupportsFeature",
}
"""The calls of a resource monitor that were looked at when this monitor was written."""


class Box(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:test:Box", name, None, opts)


class Thing(pulumi.CustomResource):
    made: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: object) -> None:
        super().__init__("test:index:Thing", name, {**inputs, "made": None}, opts)


def evaluation() -> Evaluation:
    def program() -> None:
        box = Box("box")
        inner = Box("inner", pulumi.ResourceOptions(parent=box))
        first = Thing(
            "first", pulumi.ResourceOptions(parent=inner, protect=True), password=pulumi.Output.secret("hush")
        )
        other = pulumi.StackReference("other", "organization/openova/other")
        Thing(
            "second",
            pulumi.ResourceOptions(parent=inner, depends_on=[first], ignore_changes=["a"], retain_on_delete=True),
            a=first.made,
            b=other.get_output("plain"),
            c=other.get_output("hidden"),
        )
        pulumi.export("hidden", pulumi.Output.secret({"deep": "hush"}))
        pulumi.export("late", first.urn.apply(lambda _: pulumi.UNKNOWN))
        pulumi.log.warn("careful")

    return record(
        program,
        answer=lambda resource: {"made": f"made-{resource.name}"},
        stacks={"other": {"plain": "seen", "hidden": secret("hush")}},
    )


@pytest.fixture(scope="module")
def recorded() -> Evaluation:
    return evaluation()


def test_no_call_of_the_sdk_is_new_since_the_monitor_was_written() -> None:
    service = {name for name, _ in inspect.getmembers(resource_pb2_grpc.ResourceMonitorServicer, inspect.isfunction)}
    assert service == ANSWERED
    own = {name for name in vars(mocks.MockMonitor) if name[0].isupper() and name != "ResourceRegistration"}
    assert own <= ANSWERED
    assert own <= set(dir(RecordingMonitor))


def test_urns_carry_the_types_of_all_parents_as_the_engine_writes_them(recorded: Evaluation) -> None:
    assert recorded.named("first").urn == (
        "urn:pulumi:test::openova::openova:test:Box$openova:test:Box$test:index:Thing::first"
    )
    assert recorded.named("first").parent == recorded.named("inner").urn


def test_options_are_recorded(recorded: Evaluation) -> None:
    second: Recorded = recorded.named("second")
    assert recorded.named("first").protect
    assert second.retain_on_delete
    assert second.ignore_changes == ("a",)
    assert recorded.named("first").urn in second.depends_on


def test_inputs_tell_where_their_values_come_from(recorded: Evaluation) -> None:
    second = recorded.named("second")
    assert second.feeds["a"] == (recorded.named("first").urn,)
    assert second.feeds["b"] == (recorded.named("other").urn,)
    assert second.inputs["a"] == "made-first"
    assert second.inputs["b"] == "seen"


def test_secrets_keep_their_mark_through_resources_references_and_outputs(recorded: Evaluation) -> None:
    assert recorded.named("first").inputs["password"] == Secret("hush")
    assert recorded.named("second").inputs["c"] == Secret("hush")
    assert recorded.outputs["hidden"] == secret({"deep": "hush"})
    assert "hush" not in repr(redact(recorded.named("first").inputs))


def test_what_only_a_real_run_knows_is_unknown(recorded: Evaluation) -> None:
    assert recorded.outputs["late"] == UNKNOWN_WIRE
    assert UNKNOWN not in recorded.named("second").inputs.values()


def test_messages_of_the_program_are_kept_once_each(recorded: Evaluation) -> None:
    assert recorded.messages == (("warning", "careful"),)


def test_one_evaluation_leaves_nothing_to_the_next() -> None:
    first, second = evaluation(), evaluation()
    assert [item.urn for item in first.resources] == [item.urn for item in second.resources]
    assert first.outputs == second.outputs


def test_an_error_of_the_program_reaches_the_caller() -> None:
    def program() -> None:
        raise pulumi.RunError("no further")

    with pytest.raises(pulumi.RunError, match="no further"):
        record(program)


def test_a_provider_function_without_an_answer_is_an_error() -> None:
    def program() -> None:
        pulumi.runtime.invoke("test:index:lookup", {})

    with pytest.raises(Exception, match="no answer for the provider function test:index:lookup"):
        record(program)
