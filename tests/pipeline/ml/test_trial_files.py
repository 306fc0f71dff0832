from __future__ import annotations

import pipeline.config as c
from components.trials import PLOT, TABLE, Trial, Trials, in_one_line, load
from pipeline.ml import trial_files

SPACE = {"model.hidden_units": c.Choice([4], [16, 8]), "trainer.learning_rate": c.Range(1e-4, 1e-1, log=True)}


def trial(units: list[int], rate: float, score: float | None, error: str = "", epochs: int = 1) -> Trial:
    values = {"model.hidden_units": units, "trainer.learning_rate": rate}
    return Trial(values=values, epochs=epochs, seconds=1.26, score=score, error=error)


FOUND = (trial([4], 0.09, None, "the loss is nan"), trial([16, 8], 0.01, 0.75), trial([4], 0.001, 0.5, epochs=3))
TRIALS = Trials(objective="val_accuracy", mode="max", trials=FOUND)


def test_all_of_it_lies_in_the_folder(tmp_path):
    trial_files.write(str(tmp_path), TRIALS, SPACE)
    assert load(str(tmp_path)) == TRIALS
    assert (tmp_path / TABLE).read_text().splitlines() == [
        "trial,val_accuracy,epochs,seconds,model.hidden_units,trainer.learning_rate,error",
        "1,,1,1.3,[4],0.09,the loss is nan",
        '2,0.75,1,1.3,"[16, 8]",0.01,',
        "3,0.5,3,1.3,[4],0.001,",
    ]
    assert (tmp_path / PLOT).read_bytes().startswith(b"\x89PNG")


def test_the_picture_shows_which_one_is_the_best():
    other = Trials(objective="val_accuracy", mode="min", trials=FOUND)
    assert trial_files.plot(TRIALS, SPACE) == trial_files.plot(TRIALS, SPACE) != trial_files.plot(other, SPACE)


def test_the_best_one_is_the_highest_or_the_lowest():
    assert TRIALS.best == 1
    assert Trials(objective="val_loss", mode="min", trials=FOUND).best == 2
    assert Trials(objective="val_loss", mode="min", trials=FOUND[:1]).best is None


def test_values_in_one_line():
    values = {"a": 0.0031234, "b": [16, 8], "c": "adam", "d": None, "e": 32, "f": True}
    assert in_one_line(values) == "a=0.003123, b=[16, 8], c=adam, d=null, e=32, f=true"
