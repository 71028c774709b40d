"""How much memory a process took."""

import re
import sys
from pathlib import Path


def peak() -> float:
    """Return the most memory that this process has had, in MB; not a number where the system does not say."""
    if sys.platform == "win32":
        return float("nan")
    if sys.platform == "linux":  # what getrusage says there may be of the process that started this one
        return int(re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[0]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
