"""What the engine starts: the analyzer of operations/policy."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from operations.policy.analyzer import serve

serve()
