"""A plugin of pytest: nbval leaves out the cells that train a network or need a trained one."""

import pytest

TAGS = {"trains", "trained"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the cells that need no training."""
    left_out = [item for item in items if TAGS & {*item.cell.metadata.get("tags", [])}]  # type: ignore[attr-defined]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
