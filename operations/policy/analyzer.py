"""The rules for Pulumi's engine: an analyzer plugin, in the engine's own protocol.

pulumi-policy, the SDK for such plugins, takes the marks of secrets off before a rule sees a value, and holds
protobuf below the version that the project's other packages use. The protocol itself is a part of the Pulumi SDK.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from concurrent import futures
from dataclasses import replace
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from operations.plan.recorded import STACK_TYPE, Recorded
from operations.plan.wire import decode_fields
from operations.policy.facts import facts_of
from operations.policy.model import Facts, Violation
from operations.policy.ruleset import RULES, of_resource, of_stack
from settings.loader import load
from settings.platform import Platform
from settings.problems import SettingsError
from settings.project import PROJECT_NAME, StackFile
from settings.secrets import ALL

PACK: Final = "openova"
VERSION: Final = "1.0.0"
_SHARED: Final = tuple(f"{PROJECT_NAME}:{field.alias}" for field in Platform.model_fields.values())
_LARGEST: Final = 400 * 1024 * 1024
"""Bytes of one message, as the engine allows."""


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Judges every resource before the engine makes it, and all of a stack at the end."""

    def __init__(self) -> None:
        self._facts: Facts | None = None
        self._refusal = "The engine told the policies no configuration."

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 the protocol's name
        """Nothing has to be agreed."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Learn the stack's settings. Where they are refused, as the program refuses them, nothing passes."""
        secret_keys = frozenset(request.config_secret_keys)
        try:
            self._facts = configured(request.stack, dict(request.config), secret_keys)
        except SettingsError as error:
            self._refusal = str(error)
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Judge one resource by its inputs."""
        if self._facts is None:
            unjudged = [_unjudged(request.urn, self._refusal)] if request.type == STACK_TYPE else []
            return analyzer_pb2.AnalyzeResponse(diagnostics=unjudged)
        return _response(of_resource(recorded(request), self._facts))

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Judge what the resources of the stack are together."""
        if self._facts is None:
            return analyzer_pb2.AnalyzeResponse()
        return _response(of_stack([recorded(item) for item in request.resources], self._facts))

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing is mended behind anybody's back."""
        return analyzer_pb2.RemediateResponse()

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """There is nothing to configure: acknowledgements stand with the settings."""
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """No rule takes long enough to be cancelled."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The version of the rules."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Every rule by its name."""
        policies = [
            analyzer_pb2.PolicyInfo(name=rule.id, description=rule.rule, enforcementLevel=analyzer_pb2.MANDATORY)
            for rule in RULES
        ]
        return analyzer_pb2.AnalyzerInfo(name=PACK, displayName=PACK, version=VERSION, policies=policies)


def configured(stack: str, values: Mapping[str, str], secret_keys: frozenset[str]) -> Facts:
    """The facts of a stack from the configuration that the engine hands over. Raises SettingsError."""
    file = StackFile(
        name=stack,
        file=f"Pulumi.{stack}.yaml",
        values={key: "" if key in secret_keys else value for key, value in values.items()},
        secrets=secret_keys,
        own=frozenset(secret.key for secret in ALL if secret.key in values),
        initialised=True,
    )
    # The engine runs this in the pack's own folder, out of sight of Pulumi.yaml. That no stack repeats a shared
    # fact is the program's to check.
    shared = {key: values[key] for key in _SHARED if key in values}
    loaded = load(file, shared)
    known = frozenset(values[key] for key in secret_keys if values.get(key))
    return facts_of(loaded.platform, loaded.stack, stack, known)


def recorded(request: Any) -> Recorded:
    """A resource of the protocol as the plan records it."""
    return Recorded(
        urn=request.urn,
        type=request.type,
        name=request.name,
        parent=request.options.parent,
        custom=True,
        inputs=decode_fields(request.properties),
        protect=request.options.protect,
    )


def serve() -> None:
    """Answer the engine until it ends this process. The port is told on standard output."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=[("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _response(found: Iterable[Violation]) -> Any:
    told = {replace(item, urn="") if not item.urn else item for item in found if item.level != "acknowledged"}
    return analyzer_pb2.AnalyzeResponse(diagnostics=[_diagnostic(item) for item in sorted(told)])


def _unjudged(urn: str, refusal: str) -> Any:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName="settings",
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description="What cannot be judged does not pass.",
        message=refusal,
        enforcementLevel=analyzer_pb2.MANDATORY,
        urn=urn,
    )


def _diagnostic(item: Violation) -> Any:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=item.rule_id,
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description=item.rule,
        message=f"Rule: {item.rule} {item.says}\nOtherwise: {item.consequence}\nFix: {item.fix}",
        enforcementLevel=analyzer_pb2.MANDATORY if item.stops else analyzer_pb2.ADVISORY,
        urn=item.urn,
    )
