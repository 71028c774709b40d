"""Make the page that recognises emotion in the browser, and serve it on this machine.

    python docs/page/make.py              writes build/page, serves it and prints the address
    python docs/page/make.py --no-serve   only writes the folder, which any static host can serve

ONNX Runtime for browsers comes from npm (`npm.json` names its version and digest); npm has to be installed, and so has
the extra `export` of emotion_lib. Everything else is in the repository. The page asks nobody else for anything.
"""

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import numpy as np

from emotion_lib import corpora
from emotion_lib.audio.speech import without_hum
from emotion_lib.emotions import style_of
from emotion_lib.errors import EmotionLibError
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.benefit import DIFFERENT_LABELS, DIFFERENT_VOICES
from emotion_lib.recognizer.prediction import UNKNOWN, UNLIKE, WITHOUT_SPEECH
from emotion_lib.recognizer.recognizer import PRETRAINED
from emotion_lib.recognizer.voice_model import DOUBT, EVIDENCE, EVIDENCE_OF_ONE, VoiceModel
from emotion_lib.widgets import answers
from emotion_lib.widgets.adaptation import ORDINARY, SENTENCES

SOURCES = Path(__file__).resolve().parent
ROOT = SOURCES.parents[1]
FOLDER = ROOT / "build" / "page"
PORT = 8787
RATE = 16_000  # Hz, of all sound in the page
WIDGETS = ROOT / "emotion_lib" / "widgets" / "static"
PACKAGE = resources.files("emotion_lib") / "pretrained"
SHARED = ("elements", "bars", "microphone")
"""Scripts of the widgets that the page uses too."""
EXPORTED = (
    "barsView",
    "clock",
    "csv",
    "decode",
    "download",
    "drawn",
    "joined",
    "levelMeter",
    "make",
    "mark",
    "percent",
    "predicted",
    "refusal",
    "showStrip",
    "startRecording",
    "wrapped",
)
"""What the page takes from them."""
CONSTANTS = {
    "doubt": DOUBT,
    "evidence": EVIDENCE,
    "evidence_of_one": EVIDENCE_OF_ONE,
    "different_labels": DIFFERENT_LABELS,
    "different_voices": DIFFERENT_VOICES,
}
"""What `voice.js` takes from the library."""

RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
LOADED = ("recognizer.onnx", "voice_activity.onnx", "voices.bin", "ort-wasm-simd-threaded.wasm")
"""What the worker loads, in this order, and counts."""
OURS = ("about.json", "offline.js", "voices.bin")
"""Files by which a page that was made earlier is known."""

NO_NPM = (
    "npm is not installed, and the page needs ONNX Runtime from it. Install Node.js (https://nodejs.org), or on Debian "
    "and Ubuntu: sudo apt-get install npm"
)


class PageError(Exception):
    """The page cannot be made; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Make the page, and serve it until Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(description="Make the page that recognises emotion in the browser, and serve it.")
    parser.add_argument("--no-serve", action="store_true", help="only write the folder")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder to write, build/page by default")
    parser.add_argument("--port", type=int, default=PORT, help=f"port to serve at, {PORT} by default")
    options = parser.parse_args(arguments)
    try:
        make(options.folder)
        if options.no_serve:
            print(f"The page is in {options.folder}; any web server can serve it.")
        else:
            serve(options.folder, options.port)
    except (PageError, EmotionLibError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def serve(folder: Path, port: int) -> None:
    """Serve the page on this machine until Ctrl-C."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=folder))
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else "ports go from 0 to 65535"
        raise PageError(f"port {port} cannot be used ({why}); choose another with --port") from error
    with server, suppress(KeyboardInterrupt):
        print(f"The page: http://127.0.0.1:{server.server_address[1]}/   (Ctrl-C ends it)", flush=True)
        server.serve_forever()


class Handler(SimpleHTTPRequestHandler):
    """Serve files with the types that browsers insist on, and without a line for each."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def make(folder: Path) -> None:
    """Write the page into a folder, in place of an earlier one once the new one is complete."""
    is_earlier = all((folder / name).is_file() for name in OURS)
    if folder.exists() and not is_earlier and not (folder.is_dir() and not any(folder.iterdir())):
        raise PageError(f"{folder} is no page that was made earlier; choose a new or an empty folder with --folder")
    with tempfile.TemporaryDirectory() as place:
        complete = Path(place) / "page"
        with writing(folder):  # fail before the work
            folder.parent.mkdir(parents=True, exist_ok=True)
        write(complete)
        with writing(folder):
            if folder.exists():
                shutil.rmtree(folder)
            shutil.move(complete, folder)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn an error of the file system inside a `with` block into a sentence about the folder."""
    try:
        yield
    except OSError as error:
        raise PageError(f"{folder} cannot be written ({error.strerror}); choose another with --folder") from error


def write(folder: Path) -> None:
    """Write all files of the page into a new folder."""
    folder.mkdir()
    for source in SOURCES.glob("*.*"):
        if source.suffix in {".html", ".css", ".js", ".svg"}:
            shutil.copy(source, folder)
    shutil.copy(WIDGETS / "collector.js", folder)
    shutil.copy(WIDGETS / "style.css", folder / "shared.css")
    (folder / "shared.js").write_text(shared(), "utf-8")
    unpack_runtime(folder)
    for name in ("voice_activity.onnx", "LICENSE", "LICENSE.silero-vad", "LICENSE.whisper"):
        # Hosts serve files without a known ending as downloads.
        (folder / f"{name}{'' if name.endswith('.onnx') else '.txt'}").write_bytes((PACKAGE / name).read_bytes())
    write_samples(folder / "samples")
    recognizer = EmotionRecognizer.load()
    recognizer.export(folder / "recognizer.onnx")
    voices = recognizer.voices
    if not isinstance(voices, VoiceModel):
        raise PageError("the pretrained recogniser knows no voices, and the page needs them; install emotion_lib again")
    spread = voices.within + voices.of_emotion + np.cov(voices.emotions.T, bias=True)
    arrays = voices.arrays() | {"transform": voices.transform.T, "spread": spread}  # a row of `transform` for each axis
    arrays = {name: np.atleast_2d(array).astype("<f4") for name, array in arrays.items()}
    (folder / "voices.bin").write_bytes(b"".join(array.tobytes() for array in arrays.values()))
    known = about(recognizer, folder) | {"voices": [[name, *array.shape] for name, array in arrays.items()]}
    (folder / "about.json").write_text(json.dumps(known), "utf-8")


def write_samples(folder: Path) -> None:
    """Write the samples, and where they come from, without what the repository says of other files."""
    folder.mkdir()
    for sample in (ROOT / "data" / "samples").glob("*.flac"):
        shutil.copy(sample, folder)
    source = (ROOT / "data" / "samples" / "README.md").read_text("utf-8").partition("\n## ")[0]
    source = "Six recordings of CREMA-D\n" + source.partition("\n")[2]
    (folder / "README.txt").write_text(re.sub(r"\[([^]]+)\]\((http[^)]+)\)", r"\1 (\2)", source), "utf-8")


def shared() -> str:
    """Return the module of what the page shares with the widgets, whose scripts export nothing."""
    address = 'const COLLECTOR = new URL("collector.js", import.meta.url);'
    scripts = [(WIDGETS / f"{name}.js").read_text("utf-8") for name in SHARED]
    return "\n".join([address, *scripts, f"export {{ {', '.join(EXPORTED)} }};\n"])


def unpack_runtime(folder: Path) -> None:
    """Fetch ONNX Runtime for browsers from npm, check its digest, and unpack what the page needs."""
    wanted = json.loads((SOURCES / "npm.json").read_text("utf-8"))
    npm = shutil.which("npm")
    if npm is None:
        raise PageError(NO_NPM)
    with tempfile.TemporaryDirectory() as place:
        package = f"{wanted['name']}@{wanted['version']}"
        command = [npm, "pack", package, "--loglevel=error", "--pack-destination", place]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        packed = next(Path(place).glob("*.tgz"), None)
        if done.returncode or packed is None:
            said = [line.removeprefix("npm error ") for line in done.stderr.splitlines()]
            why = next((line for line in said if "reason: " in line or "Error" in line), " ".join(said[:1]))
            cure = "connect to the network, or check `npm config get registry`, and try again"
            raise PageError(f"npm could not fetch {package} ({why}); {cure}")
        found = "sha512-" + base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
        if found != wanted["integrity"]:
            raise PageError(
                f"{packed.name}: its digest is {found}, and npm.json has {wanted['integrity']}; do not use it"
            )
        with tarfile.open(packed) as archive:
            for name in RUNTIME:
                content = archive.extractfile(f"package/dist/{name}")
                if content is None:
                    raise PageError(f"{packed.name}: {name} is no file in it; do not use it")
                (folder / name).write_bytes(content.read())


def plan(emotions: Sequence[str]) -> list[dict[str, object]]:
    """Return the sentences by which the page gets used to a voice, the ordinary ones first."""
    ordered = sorted(range(len(emotions)), key=lambda row: emotions[row] != ORDINARY)
    return [{"meant": row, "words": words} for row in ordered for words in SENTENCES]


def samples(folder: Path) -> list[tuple[str, str]]:
    """Return the path of each sample, and what it is called."""
    known = corpora.index("crema-d").set_index("id")
    sex = known["sex"].map({"f": "woman", "m": "man"})
    paths = sorted(folder.glob("samples/*.flac"))
    return [(path.relative_to(folder).as_posix(), f"{sex[path.stem]}, {known['emotion'][path.stem]}") for path in paths]


def hum() -> list[float]:
    """Return the weights of a sample and of the ones on either side of it in `without_hum`, by which the page filters.

    They fall by half every 2 ms; after 50 ms, they are below the precision of a sample.
    """
    impulse = np.zeros(2 * RATE, np.float32)
    impulse[RATE] = 1
    weights = without_hum(impulse, RATE)[RATE:][: RATE // 20]
    return [float(weight) for weight in weights]


def about(recognizer: EmotionRecognizer, folder: Path) -> dict[str, object]:
    """Return what the page has to know besides the networks."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in files)).hexdigest()
    return {
        "emotions": recognizer.emotions,
        "styles": [{"emotion": emotion} | style_of(emotion)._asdict() for emotion in recognizer.emotions],
        "threshold": recognizer.calibration.threshold,
        "unlike": UNLIKE,
        "nothing": {
            reason: answers.sentence(Prediction(UNKNOWN, {"neutral": 1.0}, reason), 1) for reason in WITHOUT_SPEECH
        },
        "ordinary": recognizer.emotions.index(ORDINARY),
        "plan": plan(recognizer.emotions),
        "samples": samples(folder),
        "constants": CONSTANTS,
        "hum": hum(),
        "files": files,
        "loaded": LOADED,
        "bytes": sum((folder / name).stat().st_size for name in LOADED),
        "megabytes": round(sum((folder / name).stat().st_size for name in files) / 1e6),
        "digest": digest[:16],
        "recognizer": hashlib.sha256((PACKAGE / PRETRAINED).read_bytes()).hexdigest()[:16],
    }


if __name__ == "__main__":
    sys.exit(main())
