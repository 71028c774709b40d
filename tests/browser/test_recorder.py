"""Recording one's own voice, as one does it in JupyterLab."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CLOSED, WATCH, Lab

CELL = """from emotion_lib import widgets
from emotion_lib.recognizer import EmotionRecognizer
voice = widgets.own_voice(EmotionRecognizer.load(), seconds={seconds})
voice"""

HEARD = re.compile("Predicted:|the most probable emotion is")

WEBM = """async (seconds) => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, {frequency: 220});
    const end = new MediaStreamAudioDestinationNode(context);
    tone.connect(end);
    tone.start();
    const recorder = new MediaRecorder(end.stream, {mimeType: "audio/webm;codecs=opus"});
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    setTimeout(() => recorder.stop(), 1000 * seconds);
    await stopped;
    const file = await new Blob(parts).arrayBuffer();
    const content = [...new Uint8Array(file)]; // before decoding, which takes the bytes away
    const sound = await context.decodeAudioData(file);
    context.close();
    return {content, seconds: sound.duration};
}"""
"""Makes a file that the kernel cannot read and the browser can, a tone at full scale; tells how long it has become."""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with the widget, in a browser without a microphone."""
    page = lab.open([CELL.format(seconds=2)])
    page.get_by_role("button", name="Record 2 s").wait_for()
    yield page
    lab.close(page)


def upload(page: Page, name: str, content: bytes) -> None:
    """Upload a file, once the answer to the last one is there."""
    field = page.get_by_label("upload a recording")
    expect(field).to_be_enabled()
    field.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})


def says(page: Page, words: str | re.Pattern[str]) -> None:
    """Wait until the widget says something."""
    expect(page.locator(".emotion-widget")).to_contain_text(words)


def duration(page: Page) -> float:
    """Return the length in seconds of the recording that can be played, once it is there."""
    page.wait_for_function("document.querySelector('.emotion-widget audio[controls]').readyState >= 1")
    return float(page.locator(".emotion-widget audio[controls]").evaluate("audio => audio.duration"))


def test_without_a_microphone_there_is_a_sentence(page: Page) -> None:
    page.get_by_role("button", name="Record 2 s").click()

    says(page, "There is no microphone. Connect one and try again. Or upload a recording.")
    expect(page.get_by_role("button", name="Record 2 s")).to_be_enabled()


def test_an_insecure_page_is_a_sentence(page: Page) -> None:
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined, configurable: true })")

    page.get_by_role("button", name="Record 2 s").click()

    says(page, "Browsers allow the microphone only on pages from this machine or over https")


def test_an_upload_is_heard(page: Page, recording: Path) -> None:
    upload(page, "angry.wav", recording.read_bytes())

    expect(page.get_by_role("img", name="Waveform and spectrogram of angry.wav, 1.7 s")).to_be_visible()
    says(page, HEARD)
    assert duration(page) == pytest.approx(1.66, abs=0.01)


def test_what_cannot_be_used_is_a_sentence(page: Page) -> None:
    upload(page, "notes.wav", b"Buy milk.\n" * 100)
    says(page, "notes.wav: not audio that can be read (text); choose a recording")

    upload(page, "empty.wav", b"")
    says(page, "empty.wav: an empty file; choose a recording.")

    page.evaluate(
        """() => {
            const input = document.querySelector(".emotion-widget input[type=file]");
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(60_000_001)], "long.wav"));
            input.files = files.files;
            input.dispatchEvent(new Event("change"));
        }"""
    )
    says(page, "long.wav: 61 MB; at most 50 MB can be uploaded.")


def test_what_the_browser_alone_can_decode_is_heard_and_so_is_that_it_is_clipped(page: Page) -> None:
    tone = page.evaluate(WEBM, 1.0)
    upload(page, "tone.webm", bytes(tone["content"]))

    expect(page.get_by_role("img", name="Waveform and spectrogram of tone.webm")).to_be_visible()
    says(page, "It is clipped: ")
    assert duration(page) == pytest.approx(tone["seconds"], abs=0.01)


def test_a_denied_microphone_is_a_sentence(lab: Lab) -> None:
    with lab.browser(microphone="denied") as browser:
        page = browser.open([CELL.format(seconds=2)])
        page.get_by_role("button", name="Record 2 s").click()

        says(page, "The browser did not allow the microphone.")


def test_what_is_said_is_recorded_shown_and_heard(lab: Lab, recording: Path) -> None:
    with lab.browser(fake_audio=recording) as browser:
        page = browser.open([CELL.format(seconds=6)])
        page.evaluate(WATCH)
        page.get_by_role("button", name="Record 6 s").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_role("meter", name="Level of the microphone")).not_to_have_js_property("value", 0)

        expect(page.locator(".emotion-bars tbody tr")).to_have_count(7)
        assert duration(page) == pytest.approx(6.0, abs=0.2)
        says(page, HEARD)
        assert page.evaluate(CLOSED)


def test_a_recording_can_be_stopped_earlier(lab: Lab, recording: Path) -> None:
    with lab.browser(fake_audio=recording) as browser:
        page = browser.open([CELL.format(seconds=100)])
        page.get_by_role("button", name="Record 100 s").click()
        expect(page.get_by_text(re.compile("9[0-9] s left"))).to_be_visible()
        page.get_by_role("button", name="Stop").click()

        assert 1 <= duration(page) < 99
