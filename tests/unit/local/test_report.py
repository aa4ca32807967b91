from imagectl.output import Terminal
from local import report
from local.sample_run import Photograph
from tests.unit.imagectl.test_terminal import EVIL


def test_what_a_run_prints_of_names_and_answers_does_not_act_on_the_terminal(capsys, tmp_path):
    variant = {"width": 2, "height": 1, "bytes": 3}
    outcomes = [
        Photograph(
            name=EVIL,
            image_id=EVIL,
            status=EVIL,
            reason=EVIL,
            variants={EVIL: variant},
        )
    ]
    terminal = Terminal()
    terminal.print(report.table(outcomes), soft_wrap=False)
    terminal.print(report.ids(outcomes))
    terminal.print(report.summary(outcomes, tmp_path, 1.0))
    printed = capsys.readouterr().out
    assert "[red]" in printed
    assert {each for each in printed if not each.isprintable()} == {"\n"}


def test_image_ids_are_printed_in_one_piece_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    image_id = "01a21a67-c88c-77c3-9413-0308f5ee497b-x"
    variants = {name: {"width": 1000, "height": 1000, "bytes": 99_999} for name in ("thumbnail", "large")}
    outcome = Photograph(name="dandelions.jpg", image_id=image_id, status="READY", variants=variants)
    terminal = Terminal()
    terminal.print(report.table([outcome]), soft_wrap=False)
    terminal.print(report.ids([outcome]))
    assert f"dandelions.jpg  {image_id}\n" in capsys.readouterr().out
