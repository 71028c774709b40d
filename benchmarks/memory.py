"""How much memory a process took."""

import sys


def peak() -> float:
    """Return the most memory that this process has had, in MB; not a number where the system does not say."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)
