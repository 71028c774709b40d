"""The page in the browser: its answers are Python's, nothing leaves it, and it works by keyboard and offline."""

import base64
import csv
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

from docs.page import make
from emotion_lib import audio, corpora
from emotion_lib.emotions import EMOTIONS
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.adaptation import NOT_ADAPTED
from emotion_lib.recognizer.prediction import UNSURE
from emotion_lib.recognizer.timeline import stretches
from emotion_lib.recognizer.voice_model import VoiceModel
from tests.browser.conftest import PATIENCE, ROOT, npm, started
from tests.browser.test_contrast import CONTRASTS, LEAST

SAMPLES = {path.stem: path for path in sorted((ROOT / "data" / "samples").glob("*.flac"))}
NAMED = {"woman, angry": "1008_DFA_ANG_XX", "woman, happy": "1008_DFA_HAP_XX", "man, sad": "1027_DFA_SAD_XX"}

KEEP_SOUNDS = """
window.sounds = [];
const makeAddress = URL.createObjectURL;
URL.createObjectURL = (sound) => { window.sounds.push(sound); return makeAddress(sound); };"""
LAST_SOUND = """async () => {
    const bytes = new Uint8Array(await window.sounds.at(-1).arrayBuffer());
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}"""

FIVE_SECONDS_OF_60 = re.compile(r"5[0-5] s left")
FIVE_SECONDS_OF_8 = re.compile(r"[0-3] s left")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, ended after this file."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears a woman who speaks angrily, over and over."""
    heard = tmp_path_factory.mktemp("heard") / "angry.wav"
    soundfile.write(heard, *audio.read(SAMPLES["1008_DFA_ANG_XX"]))
    with started(playwright, microphone="granted", fake_audio=heard) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, ready, in one visit; it throws no error, and asks nobody else for anything."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, permissions=["microphone"])
    context.set_default_timeout(PATIENCE)
    asked: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(KEEP_SOUNDS)
    ready(page, address)
    yield page
    context.close()
    assert errors == []
    assert [url for url in asked if not url.startswith((address, f"blob:{address}"))] == []


def ready(page: Page, address: str) -> None:
    """Open the page, and wait until it can answer."""
    page.goto(address)
    expect(page.get_by_role("button", name="Record", exact=True).first).to_be_enabled()


def choose(page: Page, *names: str) -> None:
    """Have samples answered, one after the other."""
    for name in names:
        page.get_by_role("group", name="Samples").get_by_role("button", name=name).click()
        answered(page, name)


def answered(page: Page, name: str) -> None:
    """Wait for the answer for a recording."""
    expect(page.locator("#answer-name")).to_have_text(name)
    expect(page.locator("#working")).to_be_hidden()


def table(page: Page, folder: Path) -> dict[str, list[float]]:
    """Save the table as CSV, and return the probabilities of each recording."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    download.value.save_as(folder / "emotions.csv")
    rows = csv.reader((folder / "emotions.csv").read_text("utf-8-sig").splitlines())
    return {row[0]: [float(share) for share in row[4:-1]] for row in list(rows)[1:]}  # the last is the voice


def shares(prediction: Prediction) -> list[float]:
    """Return the probabilities of an answer."""
    return list(prediction.probabilities.values())


def test_samples_and_files_get_the_answers_of_python(page: Page, pretrained: EmotionRecognizer, tmp_path: Path) -> None:
    choose(page, *NAMED)
    page.locator("#files").set_input_files([SAMPLES["1027_DFA_ANG_XX"], SAMPLES["1027_DFA_NEU_XX"]])
    answered(page, "1027_DFA_NEU_XX.flac")

    found = table(page, tmp_path)

    for name in (*NAMED, "1027_DFA_ANG_XX.flac", "1027_DFA_NEU_XX.flac"):
        expected = shares(pretrained.predict(SAMPLES[NAMED.get(name, name.removesuffix(".flac"))]))
        np.testing.assert_allclose(found[name], expected, atol=0.01)
    expect(page.locator(".emotion-headline")).to_have_text("I don't know")
    expect(page.locator("#answer")).to_contain_text("I need at least 47 % to answer")


def test_the_table_is_sorted_and_shows_a_recording_again(page: Page) -> None:
    choose(page, "woman, happy", "man, sad")
    sort = page.locator("#table thead").get_by_role("button", name="probability")
    cells = page.locator("#table tbody td:nth-child(4)")

    for is_down in (False, True):
        sort.click()
        shown = [float(text) for text in cells.all_inner_texts()]
        assert shown == sorted(shown, reverse=is_down)
    page.locator("#table").get_by_role("button", name="woman, happy").first.click()

    expect(page.locator("#answer-name")).to_have_text("woman, happy")


def test_a_recording_of_the_microphone_gets_the_answer_of_python(page: Page, pretrained: EmotionRecognizer) -> None:
    record = page.locator("#record")
    record.click()
    expect(page.locator("#answer-name")).to_have_text("The last 3 seconds")  # while it records
    expect(page.locator(".emotion-left")).to_have_text(FIVE_SECONDS_OF_60)
    record.click()
    answered(page, "Recording 1")

    content = base64.b64decode(page.evaluate(LAST_SOUND))
    seen = page.locator("#answer .emotion-share").all_inner_texts()

    expected = pretrained.predict(content)
    assert expected.reason in {"", UNSURE}  # else the probabilities say nothing
    for text, share in zip(seen, shares(expected), strict=True):
        assert abs(float(text.removesuffix("%")) / 100 - share) < 0.01 + 0.005  # shown as whole per cents


@pytest.mark.parametrize("seconds", [None, 0.7])
def test_which_part_decided_is_found_as_in_python(
    page: Page, pretrained: EmotionRecognizer, tmp_path: Path, seconds: float | None
) -> None:
    y, sr = audio.read(SAMPLES["1008_DFA_ANG_XX"], sr=16_000)
    path = tmp_path / f"{seconds}.wav"
    soundfile.write(path, y if seconds is None else y[sr:][: round(seconds * sr)], sr)
    page.locator("#files").set_input_files(path)
    answered(page, path.name)

    page.get_by_role("button", name="Which part decided?").click()
    expect(page.locator("#found")).to_be_visible()

    expected = pretrained.explain(path)
    label = page.locator("#weights").get_attribute("aria-label") or ""
    found = np.array([[float(start), float(drop)] for start, drop in re.findall(r"([\d.]+) s: (-?\d+)", label)])
    assert f"probability of {expected.emotion} without" in label
    np.testing.assert_allclose(found[:, 0], expected.start, atol=0.05 + 0.01)  # shown as tenths of a second
    np.testing.assert_allclose(found[:, 1] / 100, expected.drop, atol=0.005 + 0.01)  # shown as whole points
    number = int(expected.drop.argmax())
    part = f"{expected.start[number]:.1f} to {expected.end[number]:.1f} seconds"
    sentence = (
        f"Most decisive for {expected.emotion}: {part}" if expected.drop.max() > 0.05 else "No single part decided"
    )
    expect(page.locator("#decided")).to_contain_text(sentence)


def test_others_are_answered_while_a_part_that_decided_is_looked_for(page: Page, tmp_path: Path) -> None:
    y = np.concatenate([audio.read(path, sr=16_000)[0] for path in SAMPLES.values()])
    soundfile.write(tmp_path / "long.wav", y[: 8 * 16_000], 16_000)
    page.locator("#files").set_input_files(tmp_path / "long.wav")
    answered(page, "long.wav")

    page.get_by_role("button", name="Which part decided?").click()
    expect(page.locator("#explaining")).to_be_visible()
    choose(page, "woman, angry")

    expect(page.locator("#explaining")).to_be_hidden()  # it is about the other recording
    page.locator("#table").get_by_role("button", name="long.wav").last.click()
    expect(page.locator("#explaining")).to_be_visible()
    expect(page.locator("#found")).to_be_visible()


def test_a_long_recording_becomes_the_timeline_of_python(
    page: Page, pretrained: EmotionRecognizer, tmp_path: Path
) -> None:
    y = np.concatenate([*(audio.read(path, sr=16_000)[0] for path in SAMPLES.values()), np.zeros(32_000)])
    path = tmp_path / "long.flac"
    soundfile.write(path, np.concatenate([y, y]), 16_000)

    page.locator("#files").set_input_files(path)
    answered(page, "long.flac")

    found = [
        re.fullmatch(r"(\d+:\d\d\.\d) to (\d+:\d\d\.\d): (.+)", each.get_attribute("title") or "")
        for each in page.locator("#strip button").all()
    ]
    expected = stretches(pretrained.timeline(path))
    said = [row.reason or row.emotion for row in expected.itertuples()]
    assert [each[3].replace("I don't know", "unsure") for each in found if each] == said
    assert [each[1] for each in found if each] == [f"0:{start:04.1f}" for start in expected["start"]]
    best = pretrained.predict(path)
    expect(page.locator("#answer .emotion-share").first).to_have_text(f"{shares(best)[0]:.0%}".replace("%", " %"))


def spoken(emotions: Sequence[str], times: int) -> tuple[list[Path], list[str]]:
    """Return recordings of one voice of the demo corpus, so many of each emotion, and their emotions."""
    table = corpora.load("demo").query("speaker == 'DEA' and emotion in @emotions").groupby("emotion").head(times)
    return list(table["path"]), list(table["emotion"])


ADAPTED = """async (given) => {
    const { Recognizer } = await import("./recognizer.js");
    const { VoiceModel } = await import("./voice.js");
    const about = await (await fetch("about.json")).json();
    const numbers = new Float32Array(await (await fetch("voices.bin")).arrayBuffer());
    const recognizer = new Recognizer(null, {}, new VoiceModel(about, numbers), about);
    const said = given.map(({ statistics, probabilities, emotion }) => ({
        z: recognizer.model.project(statistics), probabilities, meant: about.emotions.indexOf(emotion),
    }));
    const { why, isTest, after } = recognizer.enrol(said);
    const { model } = recognizer;
    const shares = after.map(({ probabilities }) => probabilities);
    return { why, isTest, after: shares, voice: model.adapt(said), coherence: model.coherence(said) };
}"""
"""What the page knows of a voice after some utterances."""


@pytest.mark.parametrize(
    ("emotions", "times"),
    [(["neutral"], 3), (["neutral", "angry"], 1), (["angry", "happy", "neutral", "sad"], 3), (EMOTIONS, 2)],
)
def test_sentences_adapt_as_in_python(
    page: Page, pretrained: EmotionRecognizer, emotions: Sequence[str], times: int
) -> None:
    voices = pretrained.voices
    assert isinstance(voices, VoiceModel)
    paths, labels = spoken(emotions, times)
    statistics, probabilities = pretrained.embed(paths), pretrained.predict_proba(paths)
    given = [
        {"statistics": row.tolist(), "probabilities": shares.tolist(), "emotion": emotion}
        for row, shares, emotion in zip(statistics, probabilities, labels, strict=True)
    ]

    found = page.evaluate(ADAPTED, given)

    trial = pretrained.enrol_and_predict(paths, labels)
    expected = voices.adapt(statistics, labels, probabilities, emotions=pretrained.emotions)
    assert (found["why"], found["isTest"]) == (trial.recognizer.about.get(NOT_ADAPTED, ""), trial.is_test)
    np.testing.assert_allclose(found["after"], [shares(each) for each in trial.predictions], atol=0.01)
    np.testing.assert_allclose([each["weights"] for each in found["voice"]], expected.weights.T, atol=1e-3)
    np.testing.assert_allclose([each["intercept"] for each in found["voice"]], expected.intercept, atol=1e-3)
    assert found["coherence"] == pytest.approx(voices.coherence(statistics, probabilities), abs=0.01)


def test_recordings_of_different_voices_are_refused_as_in_python(page: Page, pretrained: EmotionRecognizer) -> None:
    paths, labels = spoken(EMOTIONS, 2)
    wrong = [*labels[1:], labels[0]][::-1]
    given = [
        {"statistics": row.tolist(), "probabilities": shares.tolist(), "emotion": emotion}
        for row, shares, emotion in zip(pretrained.embed(paths), pretrained.predict_proba(paths), wrong, strict=True)
    ]

    assert page.evaluate(ADAPTED, given)["why"] == pretrained.enrol(paths, wrong).about[NOT_ADAPTED]


def test_three_ordinary_sentences_get_it_used_to_a_voice_and_it_forgets_it(page: Page) -> None:
    say = page.locator("#say")
    for number in range(3):
        say.click()
        expect(say).to_have_text("Stop")
        expect(page.locator(".emotion-left")).to_have_text(FIVE_SECONDS_OF_8)  # at least one sentence of the microphone
        say.evaluate("button => button.textContent === 'Stop' && button.click()")  # it stops by itself after 8 s
        expect(page.locator("#said tbody tr")).to_have_count(number + 1)

    expect(page.locator("#verdict")).to_contain_text("It knows your usual voice now")
    choose(page, "woman, angry")
    expect(page.locator("#answer")).to_contain_text("Before it knew your voice: angry")
    page.get_by_role("button", name="Forget my voice").click()
    expect(page.locator("#verdict")).to_have_text("Forgotten.")
    expect(page.locator("#said")).to_be_hidden()


def test_sentences_in_each_emotion_are_answered_before_and_after_as_in_python(
    page: Page, pretrained: EmotionRecognizer
) -> None:
    paths, labels = spoken(["angry", "neutral"], 2)
    for number, (path, emotion) in enumerate(zip(paths, labels, strict=True)):
        page.locator("#emotion").select_option(emotion)
        if emotion in labels[:number]:
            page.get_by_role("button", name="Skip").click()
        page.locator("#said-file").set_input_files(path)
        expect(page.locator("#said tbody tr")).to_have_count(number + 1)
    page.get_by_role("button", name="Adapt to this voice").click()

    expect(page.locator("#verdict")).to_contain_text("a fair test, but a small one")
    trial = pretrained.enrol_and_predict(paths, labels)
    for column, predictions in ((1, [pretrained.predict(path) for path in paths]), (2, trial.predictions)):
        seen = page.locator(f"#said tbody td:nth-child({column + 1})").all_inner_texts()
        for text, expected in zip(seen, predictions, strict=True):
            found = re.fullmatch(r"\s*(.+?) (\d+) %\s*✓?", text)
            assert found, text
            assert found[1] == (expected.emotion if not expected.reason else "I don't know")
            assert abs(int(found[2]) / 100 - expected.confidence) < 0.01 + 0.005  # shown as whole per cents
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator("#said tbody tr")).to_have_count(len(paths) - 1)
    page.get_by_role("button", name="Forget my voice").click()


def saved_voice(page: Page, folder: Path) -> Path:
    """Get the page used to a voice with three ordinary sentences, and save what it learnt."""
    for path in spoken(["neutral"], 3)[0]:
        page.locator("#said-file").set_input_files(path)
        expect(page.locator("#said-file")).to_have_value("")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my voice").click()
    download.value.save_as(folder / download.value.suggested_filename)
    return folder / "my_voice.json"


def test_a_saved_voice_is_restored_without_a_request(page: Page, address: str, tmp_path: Path) -> None:
    def shown() -> np.ndarray:
        choose(page, "woman, happy", "man, sad")
        return np.array(list(table(page, tmp_path).values()))

    ready(page, address)
    file = saved_voice(page, tmp_path)
    adapted = shown()
    ready(page, address)
    usual = shown()  # in a new visit, it does not know the voice
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.locator("#voice-file").set_input_files(file)
    expect(page.locator("#verdict")).to_contain_text("my_voice.json: the recogniser is adapted to this voice now")

    assert asked == []
    assert np.abs(usual - adapted).max() > 0.01
    np.testing.assert_allclose(shown(), adapted, atol=1e-3)
    page.get_by_role("button", name="Forget my voice").click()
    np.testing.assert_allclose(shown(), usual, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[: len(text) // 2], "not a voice saved by this page, or damaged; choose another file"),
        (lambda text: "Dear Anna", "not a voice saved by this page, or damaged; choose another file"),
        (lambda text: text.replace('"weights":[', '"weights":[null,'), "not a voice saved by this page, or damaged"),
        (lambda text: text.replace('"recognizer":"', '"recognizer":"0'), "saved with another recogniser"),
    ],
)
def test_another_file_than_that_of_a_voice_is_refused(
    page: Page, address: str, tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    ready(page, address)
    file = saved_voice(page, tmp_path)
    file.write_text(change(file.read_text("utf-8")), "utf-8")

    page.locator("#voice-file").set_input_files(file)

    expect(page.locator("#verdict")).to_contain_text(f"my_voice.json: {words}")
    page.get_by_role("button", name="Forget my voice").click()


def test_a_long_name_wraps_between_its_words(page: Page, tmp_path: Path) -> None:
    name = "interview_2026-05-17_participant-03.angry_second-take.flac"
    shutil.copy(SAMPLES["1008_DFA_ANG_XX"], tmp_path / name)
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, "woman, happy")

    page.locator("#files").set_input_files(tmp_path / name)
    answered(page, name)

    lines = (
        page.locator("#table tbody button")
        .filter(has_text=name)
        .evaluate(
            """button => [...button.childNodes].filter(({ data }) => data).map((text) => {
            const range = document.createRange();
            range.selectNode(text);
            return [text.data, range.getClientRects().length];
        })"""
        )
    )
    assert "".join(text for text, _ in lines) == name
    assert {count for _, count in lines} == {1}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1000, "height": 900})


def test_a_file_without_speech_is_not_kept_as_a_sentence(page: Page, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)

    page.locator("#said-file").set_input_files(tmp_path / "silent.wav")

    expect(page.locator("#verdict")).to_contain_text("silent.wav is not kept (silence); record or choose another.")


def test_the_main_thread_runs_no_network() -> None:
    scripts = {path.name: path.read_text("utf-8") for path in make.SOURCES.glob("*.js")}

    assert [name for name, text in scripts.items() if "InferenceSession" in text] == ["worker.js"]


def test_its_sources_are_short() -> None:
    sources = [path for path in make.SOURCES.iterdir() if path.suffix in {".css", ".html", ".js"}]

    lines = [line for path in sources for line in path.read_text("utf-8").splitlines()]
    assert len(lines) <= 1200
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out(page: Page, theme: Literal["light", "dark"]) -> None:
    choose(page, "woman, happy", "man, sad")
    page.get_by_role("button", name="Which part decided?").click()
    expect(page.locator("#found")).to_be_visible()
    page.locator("#said-file").set_input_files(SAMPLES["1008_DFA_NEU_XX"])
    expect(page.locator("#said tbody tr").first).to_be_visible()
    page.emulate_media(color_scheme=theme)
    page.evaluate("document.body.classList.add('emotion-widget')")  # what contrast.js looks at

    found = page.evaluate(CONTRASTS)

    assert {each["kind"] for each in found} == {"text", "mark"}
    assert [each for each in found if each["contrast"] < LEAST[each["kind"]]] == []
    page.evaluate("document.body.classList.remove('emotion-widget')")
    page.emulate_media(color_scheme="light")


def test_opened_as_a_file_it_says_why_it_cannot_run(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())

    expect(page.get_by_text("you have opened this page as a file")).to_be_visible()
    page.close()


@pytest.mark.parametrize("width", [390, 900, 1400])
def test_nothing_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    choose(page, "woman, angry", "man, sad")
    page.locator("#said-file").set_input_files(SAMPLES["1027_DFA_NEU_XX"])
    expect(page.locator("#said tbody tr").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1000, "height": 900})


def test_every_control_is_reached_by_tab(page: Page) -> None:
    choose(page, "woman, angry", "man, sad")
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent || document.activeElement.id"))

    controls = page.locator("button:visible, input:visible, select:visible, a:visible, audio:visible").all()
    assert {each.evaluate("element => element.textContent || element.id") for each in controls} <= reached


def test_a_file_without_sound_is_told(page: Page, tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Anna")
    (tmp_path / "empty.mp3").touch()
    choose(page, "woman, angry")

    page.locator("#files").set_input_files([tmp_path / "letter.wav", tmp_path / "empty.mp3"])

    expect(page.locator("#says")).to_contain_text("letter.wav: this browser cannot read it")
    expect(page.locator("#says")).to_contain_text("empty.mp3: an empty file")
    expect(page.locator("#answer.emotion-old")).to_be_visible()  # the answer is for another recording


def test_what_is_given_meanwhile_is_answered_next(page: Page) -> None:
    page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["Dear Anna"], "letter.wav"));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer }));
            document.querySelector("#samples button").click();
        }"""
    )

    answered(page, "woman, angry")
    expect(page.locator("#says")).to_contain_text("letter.wav: this browser cannot read it")


def test_it_works_again_without_a_network(page: Page, address: str) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()
    page.context.set_offline(True)
    try:
        ready(page, address)
        choose(page, "woman, happy")
    finally:
        page.context.set_offline(False)


def test_a_microphone_that_is_refused_is_told(playwright: Playwright, address: str) -> None:
    with started(playwright, microphone="denied") as browser:
        page = browser.new_page()
        ready(page, address)
        page.locator("#record").click()

        expect(page.locator("#says")).to_contain_text("did not allow the microphone")


@pytest.fixture
def lame(browser: Browser) -> Iterator[Page]:
    """An empty tab without the files that the browser keeps, so that a test can take a file away from the page."""
    with browser.new_context(permissions=["microphone"], service_workers="block") as context:
        context.set_default_timeout(PATIENCE)
        yield context.new_page()


def test_a_microphone_opens_once_and_is_closed_if_it_cannot_record(lame: Page, address: str) -> None:
    lame.add_init_script(
        """window.streams = [];
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {
            window.streams.push(await open(wanted));
            return window.streams.at(-1);
        };
        AudioWorklet.prototype.addModule = async () => { throw new Error("no audio"); };"""
    )
    ready(lame, address)
    lame.locator("#record").evaluate("button => [button.click(), button.click()]")

    expect(lame.locator("#says")).to_contain_text("The microphone cannot be used (no audio)")
    states = lame.evaluate("window.streams.flatMap((stream) => stream.getTracks().map((track) => track.readyState))")
    assert states == ["ended"]


def test_a_part_that_does_not_load_is_told(lame: Page, address: str) -> None:
    lame.route("**/ort.wasm.min.mjs", lambda route: route.abort())
    lame.goto(address)

    expect(lame.locator("#loading-words")).to_contain_text("could not be loaded")


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "about.json").write_text("mine")

    with pytest.raises(make.PageError, match="choose a new or an empty folder"):
        make.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["about.json"]


def test_a_port_that_is_taken_is_told(folder: Path, address: str) -> None:
    port = int(address.rstrip("/").rpartition(":")[2])

    with pytest.raises(make.PageError, match=f"port {port} cannot be used .* --port"):
        make.serve(folder, port)


def test_without_npm_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(make.PageError, match=r"Install Node\.js"):
        make.unpack_runtime(tmp_path)


def test_another_package_than_the_pinned_one_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm()
    (tmp_path / "npm.json").write_text((make.SOURCES / "npm.json").read_text("utf-8").replace("sha512-", "sha512-A"))
    monkeypatch.setattr(make, "SOURCES", tmp_path)

    with pytest.raises(make.PageError, match=r"its digest is sha512-.* do not use it"):
        make.unpack_runtime(tmp_path)


SCROLLED = "document.documentElement.scrollWidth"
MADE_UP = """async () => {
    const { showStrip } = await import("./shared.js");
    const kinds = [{ said: "angry", colour: "#b74030", marker: "o" }, ...["I don't know", "no speech", "silence"]
        .map((said) => ({ said }))];
    const stretches = Array.from({ length: 600 }, (_, n) => ({ ...kinds[n % 4], start: 2 * n, end: 2 * n + 2 }));
    const [strip, axis] = ["strip", "axis"].map((id) => document.getElementById(id));
    showStrip(strip, axis, stretches, () => {});
    return [...strip.children].slice(0, 4).map((each) => {
        const { backgroundImage, borderTopColor } = getComputedStyle(each);
        return backgroundImage + borderTopColor;
    });
}"""
"""Show the strip of 20 minutes, and return how its first four kinds of stretches look."""


def test_the_strip_of_minutes_fits_a_telephone_and_is_one_stop_of_tab(page: Page, tmp_path: Path) -> None:
    y = np.concatenate([audio.read(path, sr=16_000)[0] for path in SAMPLES.values()])
    soundfile.write(tmp_path / "minutes.flac", np.tile([*y, *np.zeros(32_000)], 5)[: 80 * 16_000], 16_000)
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#files").set_input_files(tmp_path / "minutes.flac")
    answered(page, "minutes.flac")

    assert page.locator("#strip button").count() > 8
    assert page.locator("#strip button[tabindex='0']").count() == 1
    page.locator("#strip button").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#strip button").nth(1).evaluate("button => button === document.activeElement")
    assert page.locator("#axis").inner_text().split() == ["0:00.0", "0:20.0", "0:40.0", "1:00.0"]
    assert page.evaluate(SCROLLED) <= 390

    looks = page.evaluate(MADE_UP)

    assert len(set(looks)) == 4  # what is not known is told apart
    assert page.evaluate(SCROLLED) <= 390
    width, last = page.evaluate("[axis.offsetWidth, strip.lastChild.getBoundingClientRect().width]")
    assert last == pytest.approx(width / 600, rel=0.1)
    page.set_viewport_size({"width": 1000, "height": 900})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_strip_stands_out(page: Page, tmp_path: Path, theme: Literal["light", "dark"]) -> None:
    y = np.concatenate([audio.read(path, sr=16_000)[0] for path in SAMPLES.values()])
    soundfile.write(tmp_path / "long.flac", y[: 16 * 16_000], 16_000)
    page.locator("#files").set_input_files(tmp_path / "long.flac")
    answered(page, "long.flac")
    page.evaluate(MADE_UP.replace("600", "8"))
    page.emulate_media(color_scheme=theme)

    found = [each for each in page.evaluate(CONTRASTS) if each["what"].startswith(("sign of", "stretch of"))]

    assert len(found) == 6  # of 8, as silence has no sign
    assert [each for each in found if each["contrast"] < LEAST["mark"]] == []
    page.emulate_media(color_scheme="light")


def test_a_file_that_is_gone_is_told_and_hangs_nothing(page: Page, tmp_path: Path) -> None:
    shutil.copy(SAMPLES["1008_DFA_HAP_XX"], tmp_path / "gone.flac")
    page.locator("#files").set_input_files(tmp_path / "gone.flac")
    answered(page, "gone.flac")
    (tmp_path / "gone.flac").unlink()

    for _ in range(2):  # a second time, too
        page.locator("#says").evaluate("says => (says.textContent = '')")
        page.get_by_role("button", name="Which part decided?").click()
        expect(page.locator("#says")).not_to_be_empty()
        expect(page.locator("#explaining")).to_be_hidden()


def test_a_sound_that_does_not_play_is_told(page: Page) -> None:
    choose(page, "woman, angry")

    page.locator("#sound").evaluate("sound => (sound.src = URL.createObjectURL(new Blob(['no sound'])))")

    expect(page.locator("#says")).to_have_text("woman, angry: it cannot be played; if it was moved, choose it again.")


def test_what_was_answered_for_another_voice_is_outdated(page: Page, address: str, tmp_path: Path) -> None:
    ready(page, address)
    choose(page, "woman, happy", "man, sad")
    file = saved_voice(page, tmp_path)
    expect(page.locator("#answer.emotion-old")).to_contain_text("Given before the voice changed.")
    expect(page.locator("#table tbody .emotion-old")).to_have_count(2)
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator("#table tbody .emotion-old")).to_have_count(1)
    expect(page.locator("#table tbody tr")).to_have_count(2)
    table(page, tmp_path)
    rows = (tmp_path / "emotions.csv").read_text("utf-8-sig").splitlines()
    assert sorted(line.rpartition(",")[2] for line in rows) == ["adapted 1", "none", "voice"]

    page.get_by_role("button", name="Hear").first.click()
    expect(page.locator("#sound")).to_have_js_property("paused", False)
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator("#verdict")).to_contain_text("adapt again to what is left")
    expect(page.locator("#save-voice")).to_be_hidden()
    expect(page.locator("#answer")).to_be_hidden()  # it was that of the sentence
    assert page.locator("#said tbody td:nth-child(3)").all_inner_texts() == ["–", "–"]
    expect(page.locator("#table tbody .emotion-old")).to_have_count(1)  # now the one after adapting
    page.get_by_role("button", name="Hear").first.click()
    page.get_by_role("button", name="Forget my voice").click()
    expect(page.locator("#answer")).to_be_hidden()
    assert not page.locator("#sound").evaluate("sound => sound.currentSrc.startsWith('blob:') && !sound.error")

    drop(page, file)
    expect(page.locator("#verdict")).to_contain_text("my_voice.json: the recogniser is adapted to this voice now")
    page.get_by_role("button", name="Forget my voice").click()


def drop(page: Page, path: Path) -> None:
    """Drop a file on the page."""
    script = """([name, text]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(atob(text), (each) => each.charCodeAt(0))], name));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer }));
    }"""
    page.evaluate(script, [path.name, base64.b64encode(path.read_bytes()).decode()])


def test_nothing_else_is_pressed_while_a_sentence_is_recorded(page: Page) -> None:
    page.locator("#say").click()
    expect(page.locator("#say")).to_have_text("Stop")

    inert = "(ids) => ids.map((id) => Boolean(document.getElementById(id).closest('[inert]')))"
    assert page.evaluate(inert, ["record", "skip", "emotion", "said-file", "adapt", "say"]) == [*[True] * 5, False]
    page.locator("#say").evaluate("button => button.textContent === 'Stop' && button.click()")
    expect(page.locator("#say")).to_have_text("Record it")
    assert page.evaluate(inert, ["record", "skip", "say"]) == [False, False, False]


def test_while_it_loads_buttons_are_grey_and_what_is_dropped_waits(lame: Page, address: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    lame.route("**/voices.bin*", hold)
    with lame.expect_request("**/voices.bin*"):
        lame.goto(address)
    expect(lame.locator("#samples button").first).to_be_disabled()
    colours = "['#skip', '.button'].map((each) => getComputedStyle(document.querySelector(each)).color)"
    one, other = lame.evaluate(colours)
    assert one == other
    drop(lame, SAMPLES["1008_DFA_ANG_XX"])
    expect(lame.locator("#working")).to_be_visible()

    held[0].continue_()

    answered(lame, "1008_DFA_ANG_XX.flac")


def test_a_sample_that_does_not_come_is_told_by_name(lame: Page, address: str) -> None:
    ready(lame, address)
    lame.route("**/*.flac", lambda route: route.fulfill(status=404))
    lame.get_by_role("button", name="woman, angry").click()

    expect(lame.locator("#says")).to_have_text("woman, angry: it did not come; check the network and press it again.")


def test_a_name_is_no_formula_in_a_spreadsheet(page: Page, tmp_path: Path) -> None:
    assert page.evaluate("async () => (await import('./shared.js')).csv([['=1+1', '-a', 'b', 0.5]])") == (
        "'=1+1,'-a,b,0.5\r\n"
    )
