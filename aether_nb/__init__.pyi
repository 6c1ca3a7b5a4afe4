from typing import Any

from aether_nb.agent.hooks import Hook as Hook
from aether_nb.agent.hooks import hook as hook
from aether_nb.agent.hosting import host as host
from aether_nb.client.face import Aether as Aether
from aether_nb.client.registering import register_tool as register_tool
from aether_nb.errors import AetherError as AetherError
from aether_nb.errors import FatalToolError as FatalToolError
from aether_nb.errors import InterventionRequired as InterventionRequired
from aether_nb.errors import RepairableToolError as RepairableToolError
from aether_nb.events.messages import Message as Message
from aether_nb.models.catalogue.providers import register_provider as register_provider
from aether_nb.models.scripted import FakeProvider as FakeProvider
from aether_nb.models.scripted import ScriptedModel as ScriptedModel
from aether_nb.plugins import register as register
from aether_nb.tools.function import tool as tool
from aether_nb.tools.skills.written import skill as skill

__all__ = [
    "Aether",
    "AetherError",
    "FakeProvider",
    "FatalToolError",
    "Hook",
    "InterventionRequired",
    "Message",
    "RepairableToolError",
    "ScriptedModel",
    "hook",
    "host",
    "register",
    "register_provider",
    "register_tool",
    "skill",
    "tool",
]

def load_ipython_extension(shell: Any) -> None: ...
def unload_ipython_extension(shell: Any) -> None: ...
