"""The commands `evaluate` and `score`: measure a model, a recogniser, or the predictions of any system on a corpus."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emotion_lib.cli.command import (
    EXIT_CODES,
    OneOf,
    load_all,
    load_published,
    stopping,
    tell_left_out,
    to_json,
    warn_of_demo,
)
from emotion_lib.errors import ParameterError, legible

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.recognizer import EmotionRecognizer


@click.command(epilog=EXIT_CODES)
@click.argument("corpus")
@click.option("--model", type=OneOf("emotion_lib.evaluation.recipes", "RECIPES"), help="Train and test this model.")
@click.option(
    "--protocol", type=OneOf("emotion_lib.splits", "PROTOCOLS"), help="How to hold out utterances for the test."
)
@click.option("--train-on", metavar="CORPUS", multiple=True, help="Train on another corpus; may be repeated.")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of times to train, each time with a different seed.",
)
@click.option("--recognizer", metavar="FILE", type=click.Path(path_type=Path), help="Score this recogniser.")
@click.option("--pretrained", is_flag=True, help="Score the recogniser of the package.")
@click.option("--unheard", is_flag=True, help="Leave out the utterances that the recogniser was trained on.")
@click.option("--include-trained", is_flag=True, help="Include the utterances that the recogniser was trained on.")
@click.option(
    "--conditions", is_flag=True, help="Score it with noise, codecs, echo and other conditions, too (minutes)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    corpus: str,
    *,
    model: str | None,
    protocol: str | None,
    train_on: tuple[str, ...],
    seeds: int,
    recognizer: Path | None,
    pretrained: bool,
    unheard: bool,
    include_trained: bool,
    conditions: bool,
    as_json: bool,
) -> None:
    """Measure a model or a recogniser on a corpus, by name, folder or CSV file.

    With --model and --protocol, the model is trained on one side of a split and tested on the other. With --model and
    --train-on, it is trained on other corpora and tested on the emotions that both sides have. With --recognizer or
    --pretrained, a trained recogniser is scored on the corpus. This is an error if the recogniser was trained on some
    of these utterances, unless --unheard leaves them out or --include-trained includes them. With --conditions, the
    same utterances are also scored with noise, over a telephone, with echo and so on, and compared with the clean ones.

    Example: emotion-lib evaluate tess --model svm --protocol by_speaker

    Example: emotion-lib evaluate tess --model mean_std_svm --train-on emodb --train-on ravdess

    Example: emotion-lib evaluate my_corpus --pretrained --conditions
    """
    trained_now = bool(model or protocol or train_on)
    if trained_now == bool(recognizer or pretrained) or (recognizer and pretrained):
        raise click.UsageError(
            "Give either --model and --protocol, or --model and --train-on, or --recognizer FILE, or --pretrained."
        )
    if (unheard or include_trained or conditions) and not (recognizer or pretrained):
        raise click.UsageError("--unheard, --include-trained and --conditions are for --recognizer and --pretrained.")
    if seeds != 1 and not model:
        raise click.UsageError("--seeds is for --model: a recogniser is not trained again.")
    if trained_now and (not model or bool(protocol) == bool(train_on)):
        raise click.UsageError(
            "Give --model with --protocol or with --train-on: a score without its protocol means nothing."
        )
    if unheard and include_trained:
        raise click.UsageError("Give --unheard or --include-trained, not both.")
    if model:
        _by_training(corpus, model, protocol, train_on, seeds, as_json=as_json)
    else:
        how = {"unheard": unheard, "include_trained": include_trained, "conditions": conditions}
        _by_recognizer(corpus, recognizer, **how, as_json=as_json)


def _by_training(
    corpus: str, model: str, protocol: str | None, train_on: tuple[str, ...], seeds: int, *, as_json: bool
) -> None:
    from emotion_lib import evaluation
    from emotion_lib.evaluation import recipes

    table = load_all([corpus])
    with stopping("Nothing was written; the extracted features are kept for the next run."):
        if train_on:
            evaluated = evaluation.evaluate_across(load_all(train_on), table, model, seeds=range(seeds))
        else:
            evaluated = evaluation.evaluate(table, model, str(protocol), seeds=range(seeds))
    tell_left_out(evaluated.left_out)
    rows: list[Any] = evaluation.result_rows(evaluated).to_dict(orient="records")
    if as_json:
        click.echo(to_json(rows, indent=2))
        return
    title, tested = recipes.RECIPES[model].title, legible(evaluation.corpora_of(table))
    click.echo(f"{model} ({title}) on {tested}, {evaluated.protocol}, trained {seeds} time{'s' * (seeds != 1)}")
    click.echo("\n".join(map(_figure_line, rows)))


def _figure_line(row: Mapping[str, Any]) -> str:
    """Return a row of results as a line; a field that the row does not have is NaN."""
    from emotion_lib.recognizer.description import in_percent

    # Only NaN differs from itself; unlike math.isnan, the comparison takes text as well as numbers.
    has = {name: row[name] == row[name] for name in ("direction", "seed_sd")}
    where = f"{row['direction']}: " if has["direction"] and row["direction"] else ""
    name = {"uar": "UAR"}.get(row["metric"], row["metric"].replace("_", " "))
    figure = in_percent(*(row[name] for name in ("value", "low", "high", "interval_over")))
    spread = f", {100 * row['seed_sd']:.1f} standard deviation over seeds" if has["seed_sd"] else ""
    return f"{where}{name} {figure}{spread}"


def _by_recognizer(
    corpus: str, file: Path | None, *, unheard: bool, include_trained: bool, conditions: bool, as_json: bool
) -> None:
    """Score a recogniser on a corpus, clean or under all conditions, and print the score."""
    from emotion_lib.evaluation import degraded, scores
    from emotion_lib.recognizer import EmotionRecognizer

    recognizer = EmotionRecognizer.load(file)
    table = load_all([corpus])
    with stopping("Nothing was written."):
        table = _not_trained_on(recognizer, table) if unheard else table
        measure = degraded.score_conditions if conditions else scores.score
        score = measure(recognizer, table, include_trained=include_trained)
    click.echo(to_json(score.to_dict(), indent=2) if as_json else str(score))
    if score.broken:
        raise click.exceptions.Exit(1)


def _not_trained_on(recognizer: "EmotionRecognizer", table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the utterances that a recogniser was not trained on, and print how many others were left out."""
    from emotion_lib.evaluation import scores

    trained = scores.trained_on(recognizer, table)
    rest = table[~trained]
    if rest.empty:
        raise ParameterError(
            f"the recogniser was trained on all {len(table)} utterances, so nothing is left; score it on another corpus"
        )
    voices = set(table["speaker"][trained])
    known = f"; {rest['speaker'].isin(voices).sum()} of the other {len(rest)} are by speakers that it was trained on"
    click.echo(
        f"Left out {trained.sum()} of {len(table)} utterances that it was trained on{known if voices else ''}", err=True
    )
    return rest


_CSV = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=EXIT_CODES)
@click.argument("predictions", type=_CSV)
@click.option("--corpus", required=True, help="The corpus of the predictions, by name or folder.")
@click.option(
    "--protocol", type=OneOf("emotion_lib.splits", "PROTOCOLS"), help="How utterances were held out for the test."
)
@click.option("--folds", metavar="FILE", type=_CSV, help="Score on this list, which `split` wrote with the protocol.")
@click.option("--trained-on", metavar="TEXT", help="The training data, if the system was trained on other recordings.")
@click.option("--name", metavar="TEXT", help="Name of the system; by default the name of the file.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows of the table of results as JSON.")
def score(
    predictions: Path,
    *,
    corpus: str,
    protocol: str | None,
    folds: Path | None,
    trained_on: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Score the predictions of any system, and print its row for the table of results.

    PREDICTIONS is a CSV file with one row for each tested utterance: the column id, and either the column predicted
    (or emotion) with the predicted emotion, or a probability for each emotion in a column named after it.

    With --protocol, the folds are those of `emotion-lib split` with seed 0, or those of a list that is given with
    --folds. With --trained-on, all utterances of the corpus are tested. The figures and intervals are those of
    `emotion-lib evaluate`. For a corpus with an index, no recordings are needed.

    Example: emotion-lib score predictions.csv --corpus emodb --protocol leave_speaker_out --name "my system"
    """
    from emotion_lib import evaluation, results
    from emotion_lib.evaluation import entries

    if bool(protocol) == bool(trained_on) or (folds and not protocol):
        raise click.UsageError(
            "Give --protocol, with or without --folds, or --trained-on: a score without its protocol means nothing."
        )
    table = load_published(corpus)
    warn_of_demo(table)
    entry = entries.score_predictions(
        entries.read_csv(predictions),
        table,
        protocol or evaluation.ACROSS_CORPORA,
        system=name or predictions.stem,
        folds=entries.read_csv(folds) if folds else None,
        trained_on=trained_on or "",
    )
    rows = evaluation.result_rows(entry)
    shown = to_json(rows.to_dict(orient="records"), indent=2) if as_json else results.to_markdown(results.entry(rows))
    click.echo(legible(shown.strip()))
