"""Open copies of the notebooks in JupyterLab, so that running and saving them leaves the clone as it is.

    python notebooks/lab.py             options of JupyterLab may follow, such as --no-browser or --port=8889

The copies are in `lab/`, beside `notebooks/`: relative paths and links lead to the same files from both folders. `make
clean` leaves them alone. A copy is renewed when its notebook has changed, unless the reader changed the copy: then the
new one is put beside it.
"""

import hashlib
import itertools
import json
import os
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

from jupyterlab.labapp import LabApp

from emotion_lib.errors import EmotionLibError
from emotion_lib.writing import written_whole

NOTEBOOKS = Path(__file__).resolve().parent
COPIES = NOTEBOOKS.parent / "lab"
RECORD = ".made_from.json"
"""Name of the file that has the digest of the notebook that each copy was made from."""


def main(arguments: list[str]) -> None:
    """Make the copies and run JupyterLab until it is ended."""
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    news = renew(notebooks, COPIES)
    first = COPIES / notebooks[0].name

    # The kernel of this Python comes first, whatever kernels a user has installed elsewhere.
    os.environ.pop("JUPYTER_PATH", None)
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    options = {
        "ServerApp.root_dir": NOTEBOOKS.parent,
        "Application.log_level": "WARN",
        # Beside a token that it made itself, JupyterLab would print the address of an empty page.
        "IdentityProvider.token": secrets.token_hex(24),
    }
    server = LabApp.initialize_server(
        [str(first), *(f"--{name}={value}" for name, value in options.items()), *arguments]
    )
    place = f"{server.base_url}lab/tree/{first.relative_to(NOTEBOOKS.parent).as_posix()}"
    address = urlsplit(server.local_url)._replace(path=place, query=f"token={server.identity_provider.token}").geturl()
    said = ["", *news, "The notebooks are open in JupyterLab; Control-C ends it. The first one:", f"\n    {address}\n"]
    server.io_loop.add_callback(lambda: print(*said, sep="\n", flush=True))  # once the server answers
    server.start()


def renew(notebooks: list[Path], folder: Path) -> list[str]:
    """Copy the notebooks to `folder`, over no copy that was changed; return what the reader has to know."""
    record_path = folder / RECORD
    record = json.loads(record_path.read_text(encoding="utf-8")) if record_path.exists() else {}
    news = []
    for notebook in notebooks:
        content = notebook.read_bytes()
        made_from = hashlib.sha256(content).hexdigest()
        names = itertools.chain([notebook.name], (f"{notebook.stem}_{n}.ipynb" for n in itertools.count(2)))
        copy = next(folder / name for name in names if not is_taken(folder / name, made_from, record.get(name)))
        if copy.exists() and record.get(copy.name) == made_from:
            continue
        if copy.name != notebook.name:
            news.append(
                f"{folder.name}/{notebook.name} stays as you saved it. "
                f"This notebook has a new version, which is {folder.name}/{copy.name}."
            )
        write(copy, content)
        record[copy.name] = made_from
    write(record_path, json.dumps(record, indent=1).encode())
    return news


def is_taken(copy: Path, new: str, made_from: str | None) -> bool:
    """Return whether a file is neither a copy of the new version, changed or not, nor an unchanged older copy."""
    if not copy.exists() or made_from == new:
        return False
    return hashlib.sha256(copy.read_bytes()).hexdigest() not in (new, made_from)


def write(path: Path, content: bytes) -> None:
    """Write a file whole: a part of a copy would pass for one that was changed."""
    with written_whole(path, error=EmotionLibError) as file:
        file.write(content)


if __name__ == "__main__":
    main(sys.argv[1:])
