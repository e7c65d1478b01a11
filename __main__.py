"""The program of every stack. What a stack is follows from `openova:kind`, never from its name."""

from pathlib import Path

import pulumi

from regions.inputs import load_settings, secret_input
from regions.references import References
from settings.problems import SettingsError
from settings.stacks import GlobalStack, RegionStack, SharedStack, WitnessStack
from settings.stated import stated_addresses


def open_reference(stack: str) -> pulumi.StackReference:
    """A reference to another stack of this project."""
    return pulumi.StackReference(stack, f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")


async def main() -> None:
    """Compose the stack. Only the SDKs of its own kind are imported: they take seconds."""
    try:
        root = Path(pulumi.get_root_directory())
        loaded = load_settings(root)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    references = References(open_reference, stated_addresses(root, loaded.platform))
    match loaded.stack:
        case SharedStack():
            from regions.shared import compose_shared

            compose_shared(loaded.platform, loaded.stack, secret_input)
        case RegionStack():
            from regions.region import compose_region

            await compose_region(loaded.platform, loaded.stack, references, secret_input)
        case WitnessStack():
            from regions.witness import compose_witness

            await compose_witness(loaded.platform, loaded.stack, references, secret_input)
        case GlobalStack():
            from regions.global_edge import compose_global

            await compose_global(loaded.platform, loaded.stack, references, secret_input)


pulumi.run(main)
