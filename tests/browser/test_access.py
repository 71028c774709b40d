"""The widgets by keyboard, with a screen reader, on a phone, without sound, and with a kernel that is busy or gone."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import KERNEL, NOTEBOOK, SLOW, Lab

SETUP = """from emotion_lib import EmotionRecognizer, corpora, widgets
demo = corpora.load("demo")
recognizer = EmotionRecognizer.load()
confusions = {"back": "angry", "dog": "disgust", "bite": "fear", "germ": "happy", "good": "neutral"}
heard = demo.assign(predicted=demo["text"].map(confusions).fillna("sad"))"""
CELLS = {
    "Download of a corpus": "widgets.fetch('tess')",
    "Bet": "widgets.bet('How many of a hundred recordings does a machine name as a listener would?')",
    "Listening test": "widgets.listening_test(demo)",
    "Player of utterances": "widgets.player(demo)",
    "Comparison of emotions and speakers": "widgets.compare(demo[demo['text'] == 'back'])",
    "Confusion matrix with its utterances": "widgets.mistakes(heard)",
    "Own voice": "widgets.own_voice(recognizer, start=demo['path'][0])",
    "Adaptation to a voice": "widgets.get_used_to(recognizer, start=demo[demo['speaker'] == 'DEA'].iloc[::24])",
    "Live predictions": "widgets.live(recognizer, start=demo['path'][0])",
    "Timeline of a recording": "widgets.timeline(recognizer, demo['path'][0])",
}
"""A cell for each widget, by the name of its group."""

IN_DOCUMENT = f"""() => {{
    {NOTEBOOK}.content.notebookConfig = {{...{NOTEBOOK}.content.notebookConfig, windowingMode: "none"}};
    jupyterapp.shell.collapseLeft();
}}"""
"""Leaves the cells out of view in the page, and closes the list of files."""

OUTSIDE = """el => {
    const face = el.getBoundingClientRect();
    const isIn = (each) => each.closest(".emotion-scroll, .emotion-spoken");
    const out = [...el.querySelectorAll("*")].filter((each) => {
        const box = each.getBoundingClientRect();
        return box.width && !isIn(each) && (box.right > face.right + 1 || box.left < face.left - 1);
    });
    const scrolled = [el, ...el.querySelectorAll(".emotion-scroll"), el.closest(".jp-OutputArea-output")]
        .filter((each) => each.scrollWidth > each.clientWidth + 1);
    return [...out, ...scrolled].map((each) => each.outerHTML.slice(0, 200));
}"""
"""What is cut or scrolls sideways."""

REFUSED = """(names) => {
    window.asked = [];
    navigator.mediaDevices.getUserMedia = async () => {
        asked.push(names[asked.length]);
        throw new DOMException("", asked.at(-1));
    };
}"""
"""Refuses the microphone, each time with the next of these errors."""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with every widget."""
    page = lab.open([SETUP, *CELLS.values()])
    page.evaluate(IN_DOCUMENT)
    expect(page.locator(".emotion-widget")).to_have_count(len(CELLS))
    yield page
    lab.close(page)


def widget(page: Page, name: str) -> Locator:
    """Return a widget by the name of its group."""
    return page.get_by_role("group", name=name, exact=True)


def heard(widget: Locator) -> Locator:
    """Return the region that screen readers read."""
    return widget.locator(".emotion-spoken[aria-live=polite]")


def upload(widget: Locator, name: str, content: bytes, *, place: int = 0) -> None:
    """Upload a file, once the answer to the last one is there."""
    field = widget.get_by_label("upload a recording").nth(place)
    expect(field).to_be_enabled()
    field.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})


def test_every_widget_is_a_group_with_a_name_and_no_control_is_without(page: Page) -> None:
    for name in CELLS:
        snapshot = widget(page, name).aria_snapshot()
        assert snapshot.startswith(f'- group "{name}"')
        assert not [line for line in snapshot.splitlines() if line.strip() in {"- button", "- combobox", "- group"}]


def test_keys_work_after_a_click_into_the_controls_of_the_sound_and_into_the_picture(page: Page) -> None:
    player = widget(page, "Player of utterances")
    player.get_by_label("Word").select_option("back")
    image, audio = player.locator("img"), player.locator("audio")
    audio.evaluate(SLOW)
    expect(image).to_have_attribute("alt", "Waveform and spectrogram: DEA, angry, back")
    box = audio.bounding_box()
    assert box
    for share, word in ((0.08, "bite"), (0.5, "dog")):  # the button that plays, the slider
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        expect(player.get_by_role("group", name="Recording")).to_be_focused()
        page.keyboard.press("n")
        expect(image).to_have_attribute("alt", f"Waveform and spectrogram: DEA, angry, {word}")
    image.click()
    page.keyboard.press("p")
    expect(image).to_have_attribute("alt", "Waveform and spectrogram: DEA, angry, bite")
    expect(heard(player)).to_have_text("angry, DEA, bite")
    audio.evaluate("audio => audio.pause()")
    page.keyboard.press(" ")
    expect(audio).to_have_js_property("paused", False)
    page.keyboard.press(" ")
    expect(audio).to_have_js_property("paused", True)


def test_the_focus_is_seen(page: Page) -> None:
    for name in CELLS:
        widget(page, name).evaluate("el => el.focus()")
        page.keyboard.press("Tab")
        style, width = page.evaluate(
            "() => { const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);"
            " return [outlineStyle, parseFloat(outlineWidth)] }"
        )
        assert widget(page, name).locator(":focus").count() == 1, name
        assert (style, width >= 2) == ("solid", True), name


def test_a_bet_the_terms_of_a_download_and_the_place_in_a_listening_test_are_read(page: Page) -> None:
    bet, corpus, test = (widget(page, name) for name in ("Bet", "Download of a corpus", "Listening test"))
    bet.get_by_role("slider").press("Enter")
    expect(bet.get_by_role("status").filter(has_text="Your bet: 50 %")).to_be_visible()
    corpus.get_by_role("button", name="Get TESS").press("Enter")
    expect(corpus.get_by_role("status").filter(has_text="licence: CC BY-NC-ND 4.0")).to_be_visible()
    expect(corpus.get_by_role("button", name="Download TESS")).to_be_focused()
    test.locator("audio").evaluate(SLOW)
    test.get_by_role("button", name="Play").press("Enter")
    expect(test.locator("audio")).to_have_js_property("paused", False)
    test.get_by_role("button", name="sad").press("Enter")
    expect(test.get_by_role("status").filter(has_text="Recording 2 of 14")).to_be_visible()


def test_a_microphone_that_does_not_open_is_a_sentence_with_the_cure_and_record_keeps_the_focus(page: Page) -> None:
    own = widget(page, "Own voice")
    sentences = {
        "NotAllowedError": "The browser did not allow the microphone. Allow it for this page",
        "NotFoundError": "There is no microphone. Connect one and try again. Or upload a recording.",
        "NotReadableError": "perhaps another program is using it. Close that program and try again",
    }
    page.evaluate(REFUSED, list(sentences))
    own.get_by_role("button", name="Record 5 s").click()
    for number, sentence in enumerate(sentences.values(), start=1):
        if number > 1:
            page.keyboard.press("Enter")
        page.wait_for_function("(number) => asked.length === number", arg=number)
        expect(own).to_contain_text(sentence)


def test_a_browser_that_does_not_begin_to_record_or_to_play_is_a_sentence(page: Page) -> None:
    page.evaluate("""() => {
        window.whole = [AudioWorklet.prototype.addModule, HTMLMediaElement.prototype.play];
        const never = () => new Promise(() => {});
        navigator.mediaDevices.getUserMedia = async () => new AudioContext().createMediaStreamDestination().stream;
        AudioWorklet.prototype.addModule = never;
        HTMLMediaElement.prototype.play = function () {
            Object.defineProperty(this, "paused", { value: false, configurable: true });
            this.pause = () => delete this.paused;
            this.dispatchEvent(new Event("play"));
            return never();
        };
    }""")
    widget(page, "Live predictions").get_by_role("button", name="Start the microphone").click()
    compared = widget(page, "Comparison of emotions and speakers")
    compared.get_by_role("button", name="Play in turn").click()

    expect(compared).to_contain_text("The sound does not start. The browser may have found no loudspeakers")
    expect(compared.get_by_role("button", name="Play in turn")).to_be_visible()
    expect(widget(page, "Live predictions")).to_contain_text("The browser has not started to record.")
    page.evaluate("[AudioWorklet.prototype.addModule, HTMLMediaElement.prototype.play] = whole")


def test_an_answer_is_read_with_its_recording_and_grey_once_another_file_is_refused(
    page: Page, recording: Path
) -> None:
    own = widget(page, "Own voice")
    upload(own, "mine.wav", recording.read_bytes())
    expect(heard(own)).to_contain_text("mine.wav, 1.7 s: ")
    expect(own.locator(".emotion-recorded")).to_have_text("mine.wav, 1.7 s")
    for name, content in {"notes.wav": b"Buy milk.\n" * 100, "empty.wav": b""}.items():
        upload(own, name, content)
        expect(own).to_contain_text(f"{name}: ")
        expect(own.locator(".emotion-old")).to_contain_text("This is still the answer to mine.wav, 1.7 s.")
    upload(own, "mine.wav", recording.read_bytes())
    expect(own.locator(".emotion-old")).to_have_count(0)


def test_a_trial_is_grey_once_another_file_is_refused_and_read_for_both(page: Page, recording: Path) -> None:
    mine = widget(page, "Adaptation to a voice")
    for _ in range(2):  # the same file again is another answer
        upload(mine, "try.wav", recording.read_bytes(), place=1)
        expect(heard(mine)).to_contain_text("Before: try.wav: ")
        expect(heard(mine)).to_contain_text("Adapted to this voice: try.wav: ")
        expect(mine.locator(".emotion-old")).to_have_count(0)
        upload(mine, "empty.wav", b"", place=1)
        expect(mine.locator(".emotion-old")).to_contain_text("This is still the answer to try.wav.")
    expect(mine.locator("tbody tr").first).to_contain_text("DEA_back_angry.flac, 1.7 s")


@pytest.mark.parametrize("width", [390, 900])
@pytest.mark.parametrize("name", CELLS)
def test_nothing_is_cut_and_nothing_scrolls_sideways(page: Page, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_function("(width) => document.querySelector('.jp-Notebook').clientWidth <= width", arg=width)
    assert widget(page, name).evaluate(OUTSIDE) == []
    page.set_viewport_size({"width": 1200, "height": 900})


def test_remove_goes_on_by_keyboard_and_leaves_the_focus_with_record(page: Page) -> None:
    mine = widget(page, "Adaptation to a voice")
    rows = mine.locator("table.emotion-said tbody tr")
    count = rows.count()
    rows.first.get_by_role("button", name="Remove").click()
    for left in range(count - 1, 0, -1):
        expect(rows).to_have_count(left)
        expect(rows.first.get_by_role("button", name="Remove")).to_be_focused()
        page.keyboard.press("Enter")
    expect(rows).to_have_count(0)
    expect(mine.get_by_role("button", name="Record").first).to_be_focused()


SOON = """(select) => new Promise((resolve) => {
    const notice = select.closest(".emotion-widget").querySelector(".emotion-notice");
    select.dispatchEvent(new Event("change"));
    setTimeout(() => resolve(notice.textContent), 1000);
})"""
"""Lets a list be chosen from; returns what the widget says a second later, by the clock of the page, which may lag."""


def choose(page: Page, value: str) -> str:
    """Choose an emotion in the player while the kernel cannot answer; return what is said within a second."""
    emotion = widget(page, "Player of utterances").get_by_label("Emotion")
    emotion.evaluate("(select, value) => (select.value = value)", value)
    return str(emotion.evaluate(SOON))


def send(page: Page, what: signal.Signals) -> None:
    """Stop the process of the kernel, so that it is as deaf as while a cell keeps all its threads busy; or end it."""
    os.kill(int(page.locator(".jp-OutputArea-output").first.inner_text()), what)


def shows(page: Page, emotion: str) -> None:
    """Wait until the player shows the first utterance of an emotion, and has nothing to say about the kernel."""
    player = widget(page, "Player of utterances")
    expect(player.locator("img")).to_have_attribute("alt", f"Waveform and spectrogram: DEA, {emotion}, back")
    expect(player.get_by_label("Emotion")).to_have_value(emotion)
    expect(player.locator(".emotion-notice").first).to_have_text("")
    expect(player).not_to_contain_class("emotion-waits")


PRESSED = {"Bet": "your bet", "Download of a corpus": "the download", "Listening test": "your choice"}
"""What each of these widgets waits for, while the kernel is busy, once its first control is pressed."""


def press(page: Page) -> dict[str, Locator]:
    """Press the first control of each of these widgets; return the place where each tells of the kernel."""
    for name in PRESSED:
        widget(page, name).locator("button, input").first.press("Enter")
    return {name: widget(page, name).locator(".emotion-notice").first for name in PRESSED}


NO_STATUS = f"""() => {{
    const kernel = {KERNEL};
    const whole = kernel.sendShellMessage.bind(kernel);
    kernel.sendShellMessage = (...message) => {{
        const future = whole(...message);
        if (message[0].header.msg_type === "comm_msg") Object.defineProperty(future, "onIOPub", {{ set() {{}} }});
        return future;
    }};
    kernel.tellAgain = () => (kernel.sendShellMessage = whole);
}}"""
"""Lets widgets hear nothing of the status of the kernel, as in some programs, until `tellAgain`."""


@pytest.fixture(scope="module")
def pair(lab: Lab) -> Iterator[Page]:
    """A notebook whose kernel is busy or gone: with a player, one's own voice, and the widgets of `PRESSED`."""
    cells = [CELLS["Player of utterances"], "widgets.own_voice(recognizer)", *(CELLS[name] for name in PRESSED)]
    page = lab.open([f"import os\n{SETUP}\nprint(os.getpid())", *cells])
    page.evaluate(IN_DOCUMENT)
    shows(page, "angry")
    yield page
    lab.close(page)


def run_again(page: Page) -> None:
    """Run the notebook again."""
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")


def test_what_is_chosen_while_the_kernel_is_busy_comes_next(pair: Page) -> None:
    send(pair, signal.SIGSTOP)
    assert choose(pair, "sad") == "The kernel is busy; your choice will follow."
    expect(widget(pair, "Player of utterances")).to_contain_class("emotion-waits")
    send(pair, signal.SIGCONT)
    shows(pair, "sad")


def test_a_bet_as_before_a_download_and_a_listening_test_wait_for_a_busy_kernel_that_tells_nothing(pair: Page) -> None:
    pair.evaluate(NO_STATUS)
    widget(pair, "Bet").get_by_role("slider").press("Enter")
    expect(widget(pair, "Bet")).to_contain_text("Your bet: 50 %")
    send(pair, signal.SIGSTOP)
    for name, notice in press(pair).items():
        expect(notice).to_have_text(f"The kernel is busy; {PRESSED[name]} will follow.")
    send(pair, signal.SIGCONT)
    expect(widget(pair, "Download of a corpus").get_by_role("button")).to_have_text("Download TESS")
    expect(widget(pair, "Listening test").locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    for name in PRESSED:
        expect(widget(pair, name).locator(".emotion-notice").first).to_have_text("")
        expect(widget(pair, name)).not_to_contain_class("emotion-waits")
    pair.evaluate(f"{KERNEL}.tellAgain() && null")


def test_a_view_without_a_recording_asks_a_busy_kernel_for_none(pair: Page) -> None:
    send(pair, signal.SIGSTOP)
    pair.evaluate(f"""() => {{
        const {{ outputs }} = {NOTEBOOK}.content.widgets[2].model;
        outputs.fromJSON(outputs.toJSON());
    }}""")
    expect(widget(pair, "Own voice")).to_be_visible()
    assert choose(pair, "angry") == "The kernel is busy; your choice will follow."  # so the own voice had time as well
    expect(widget(pair, "Own voice").locator(".emotion-notice:not(:empty)")).to_have_count(0)
    send(pair, signal.SIGCONT)
    shows(pair, "angry")


def test_what_is_chosen_or_recorded_while_the_kernel_is_gone_is_kept(pair: Page, recording: Path) -> None:
    send(pair, signal.SIGSTOP)
    assert choose(pair, "fear") == "The kernel is busy; your choice will follow."
    send(pair, signal.SIGKILL)
    notice = widget(pair, "Player of utterances").locator(".emotion-notice").first
    gone = "The kernel is gone. Run the notebook again up to this cell; your {} is kept until then."
    expect(notice).to_have_text(gone.format("choice"))
    pair.get_by_role("button", name="Ok").click()  # JupyterLab says that it has started another one
    pair.wait_for_function(f"{KERNEL}.status === 'idle'")
    own = widget(pair, "Own voice")
    upload(own, "mine.wav", recording.read_bytes())
    expect(own.locator("> .emotion-notice")).to_have_text(gone.format("recording"))

    run_again(pair)

    shows(pair, "fear")
    expect(heard(own)).to_contain_text("mine.wav, 1.7 s: ")


def test_a_kernel_that_was_shut_down_is_gone_and_steps_are_kept(pair: Page) -> None:
    pair.evaluate(f"{NOTEBOOK}.sessionContext.shutdown()")
    assert choose(pair, "happy").startswith("The kernel is gone. Run the notebook again up to this cell; your choice")
    player = widget(pair, "Player of utterances")
    for _ in range(2):
        player.get_by_role("button", name="Next").click()
    expect(player.get_by_role("button", name="Next")).to_be_focused()
    for notice in press(pair).values():
        expect(notice).to_contain_text("The kernel is gone. Run the notebook again up to this cell")

    pair.evaluate(f"{NOTEBOOK}.sessionContext.startKernel().then(() => null)")
    pair.wait_for_function(f"{KERNEL}?.status === 'idle'")
    run_again(pair)

    expect(player.locator("img")).to_have_attribute("alt", "Waveform and spectrogram: DEA, happy, dog")
    expect(widget(pair, "Bet")).to_contain_text("Your bet: 50 %")
