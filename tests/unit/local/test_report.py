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
    terminal.print(report.summary(outcomes, tmp_path, 1.0))
    printed = capsys.readouterr().out
    assert "[red]" in printed
    assert {each for each in printed if not each.isprintable()} == {"\n"}
