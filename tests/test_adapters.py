"""LoRA adapters: what they do to a model is what a file does into which they are merged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Clin
from tiny_models import adapter, odd, tiny

from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.gguf_file import sha256
from clin.llms.open import open_model
from clin.models import open_models
from clin.options import Engine, Sampling
from memory.store import Store

CHOICES = ("look around", "open door", "go to hall", "wait")


def scored(path: Path, *lora: str) -> Answer:
    """Each choice weighed by the model in ``path`` with these adapters."""
    model = open_model(str(path), threads=1, lora=lora)
    try:
        asked = Question(("You are in the hall. What now?",), choices=CHOICES, score_choices=True)
        model.submit(asked, lane=0)
        [(_, answer)] = model.ready()
        return answer
    finally:
        model.close()


def test_an_adapter_does_what_its_merged_file_does(tmp_path: Path) -> None:
    base = tiny(tmp_path / "base.gguf")
    added = adapter(tmp_path / "a.gguf", seed=1)
    merged = tiny(tmp_path / "merged.gguf", plus=added)

    plain, whole = scored(base), scored(merged)
    put_on = scored(base, str(tmp_path / "a.gguf"))

    assert np.allclose(put_on.scores, whole.scores, atol=1e-3)
    assert not np.allclose(plain.scores, whole.scores, atol=1e-2)  # it changes something


def test_adapters_add_up_by_their_scales(tmp_path: Path) -> None:
    base = tiny(tmp_path / "base.gguf")
    one, two = (adapter(tmp_path / f"{n}.gguf", seed=n) for n in (1, 2))
    both = {name: 0.5 * one[name] - two[name] for name in one}
    merged = tiny(tmp_path / "merged.gguf", plus=both)

    put_on = scored(base, f"{tmp_path / '1.gguf'}:0.5", f"{tmp_path / '2.gguf'}:-1")

    assert np.allclose(put_on.scores, scored(merged).scores, atol=1e-3)


def test_at_scale_nought_it_changes_nothing(tmp_path: Path) -> None:
    base = tiny(tmp_path / "base.gguf")
    adapter(tmp_path / "a.gguf", seed=1)

    answer = scored(base, f"{tmp_path / 'a.gguf'}:0")

    assert answer.scores == scored(base).scores


CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.parametrize("prompt", ["compact-2", "compact-3", "full-2"])
def test_no_chat_template_stands_around_a_prompt_that_was_trained_as_plain_text(
    tmp_path: Path, prompt: str
) -> None:
    base = tiny(tmp_path / "base.gguf", template=CHATML)
    adapter(tmp_path / "a.gguf", seed=1, clin__prompt=prompt)

    model = open_model(str(base), threads=1, lora=(str(tmp_path / "a.gguf"),))
    try:
        assert bool(model.card.template.opening) == (prompt == "full-2")
        assert bool(model.card.template.answer) == (prompt == "full-2")
    finally:
        model.close()


def test_its_card_is_shown_and_it_is_listed_as_what_it_is(tmp_path: Path, clin: Clin) -> None:
    said = {"general__name": "special", "clin__prompt": "compact-3", "clin__roles": "act"}
    adapter(tmp_path / "a.gguf", seed=1, **said, clin__base="tiny (sha256 1234)")
    adapter(tmp_path / "plain.gguf", seed=2)

    shown = clin("models", "show", "a.gguf").stdout
    assert "special: a LoRA adapter, roles act; prompt compact-3" in shown
    assert "--model BASE --lora a.gguf" in shown and "clin.base: tiny (sha256 1234)" in shown
    assert "plain: a LoRA adapter, for the prompts of its base" in (
        clin("models", "show", "plain.gguf").stdout
    )
    assert json.loads(clin("models", "show", "a.gguf", "--json").stdout)["adapter"] is True
    listed = json.loads(clin("models", "--json").stdout)
    [row] = [row for row in listed if row["model"] == "a.gguf"]
    assert (row["name"], row["prompt"]) == ("special (an adapter: --lora)", "compact-3")


def test_what_it_says_of_itself_goes_before_what_the_base_says(tmp_path: Path) -> None:
    base = tiny(tmp_path / "base.gguf", name="base")
    adapter(tmp_path / "a.gguf", seed=1, general__name="special", clin__prompt="compact-2")

    model = open_model(str(base), threads=1, lora=(str(tmp_path / "a.gguf"),))
    card = model.card
    model.close()

    assert (card.name, card.prompt) == ("special", "compact-2")
    assert [each.rpartition(":")[2] for each in card.adapters] == ["1"]


def test_it_changes_the_model_and_not_that_of_a_role(tmp_path: Path) -> None:
    base, writer = tiny(tmp_path / "base.gguf"), tiny(tmp_path / "writer.gguf")
    adapter(tmp_path / "a.gguf", seed=1)
    engine = Engine(threads=1, lora=(str(tmp_path / "a.gguf"),))

    models = open_models(str(base), engine, Sampling(), seed=0, roles={"writer": str(writer)})
    acting, writing = models.of("act").card, models.of("revise").card
    models.close()

    assert len(acting.adapters) == 1 and writing.adapters == ()
    with pytest.raises(ModelError, match="every role has a model of its own"):
        roles = {"actor": str(base), "writer": str(writer)}
        open_models("bundled", engine, Sampling(), seed=0, roles=roles)


def test_a_run_keeps_its_adapters(tmp_path: Path, clin: Clin) -> None:
    base = tiny(tmp_path / "base.gguf", context=2048)
    one, two = tmp_path / "1.gguf", tmp_path / "2.gguf"
    adapter(one, seed=1)
    adapter(two, seed=2)
    run = ("run", "--model", base, "--world", "causal", "--task", "make", "--variation", "200")
    done = clin(*run, "--lora", f"{one}:0.5", "--trials", "1", "--budget", "2", "--db", "c.db")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "c.db") as store:
        config = store.run("r1").config
    assert config["engine"]["lora"] == [f"{one}:0.5"]
    [recorded] = config["model"]["adapters"]
    assert len(recorded) == 64 + len(":0.5")

    one.write_bytes(two.read_bytes())
    again = clin("resume", "r1", "--db", "c.db")
    assert again.returncode == 2
    assert "a frozen run goes on with its own only" in again.stderr


BAD = {
    "no file": ("nowhere.gguf", "no file 'nowhere.gguf'"),
    "nearly there": ("fit.ggu", "did you mean 'fit.gguf'?"),
    "no scale": (
        "fit.gguf:much",
        "'much' is no scale (form: bundled, FILE.gguf, or FILE.gguf:SCALE",
    ),
    "an endless scale": ("fit.gguf:inf", "the scale is a finite number, not inf"),
    "a model": ("base.gguf", "'base.gguf' is no LoRA adapter"),
    "of another model": ("other.gguf", "--lora 'other.gguf' does not fit 'base.gguf'"),
    "empty": ("", "an empty --lora"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_adapter_is_told_in_a_line(name: str, tmp_path: Path, clin: Clin) -> None:
    tiny(tmp_path / "base.gguf")
    adapter(tmp_path / "fit.gguf", seed=1)
    odd(tmp_path / "other.gguf", "mamba", general__type="adapter", adapter__type="lora")
    given, told = BAD[name]

    done = clin("run", "--model", "base.gguf", "--lora", given)

    assert done.returncode == 2
    assert told in done.stderr and done.stderr.count("\n") == 1


def test_the_one_that_ships_tells_what_it_was_made_for(clin: Clin) -> None:
    done = clin("run", "--lora", "bundled")
    assert done.returncode == 2 and "it was made for smollm2" in done.stderr
    assert done.stderr.count("\n") == 1


def test_on_another_file_than_it_was_made_for_a_line_says_so(tmp_path: Path, clin: Clin) -> None:
    base = tiny(tmp_path / "base.gguf", context=2048)
    made_for = f"base (sha256 {sha256(base)})"
    adapter(tmp_path / "own.gguf", seed=1, clin__base=made_for)
    adapter(tmp_path / "other.gguf", seed=1, clin__base="other (sha256 00)")
    words = (
        "--world",
        "causal",
        "--task",
        "make",
        "--model",
        "base.gguf",
        "--trials",
        "1",
        "--budget",
        "2",
    )

    own, other = (clin("run", *words, "--lora", f"{name}.gguf") for name in ("own", "other"))

    assert own.returncode == other.returncode == 0
    assert "made for another file" not in own.stderr
    assert "was made for another file, other (sha256 00): " in other.stderr


def test_named_twice_or_without_a_file_to_change(tmp_path: Path, clin: Clin) -> None:
    tiny(tmp_path / "base.gguf")
    adapter(tmp_path / "fit.gguf", seed=1)
    twice = ("--lora", "fit.gguf", "--lora", "./fit.gguf:2")
    server = "openai:m@http://127.0.0.1:9/v1"

    told = clin("run", "--model", "base.gguf", *twice)
    remote = clin("run", "--model", server, "--lora", "fit.gguf")

    assert told.returncode == remote.returncode == 2
    assert "is named twice" in told.stderr
    assert "is no model file, so --lora cannot change it" in remote.stderr


def test_an_experiment_names_them_too(tmp_path: Path, clin: Clin) -> None:
    tiny(tmp_path / "base.gguf", context=2048)
    adapter(tmp_path / "a.gguf", seed=1)
    (tmp_path / "e.toml").write_text(
        'worlds = ["causal"]\ntasks = ["make"]\nmodels = ["base.gguf"]\n'
        'strategies = ["none"]\nvariations = [200]\ntrials = 1\nbudget = 2\n'
        '[engine]\nlora = ["a.gguf:0.5"]\n'
    )

    done = clin("batch", "e.toml", "--db", "e.db")

    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "e.db") as store:
        assert store.run("r1").config["model"]["adapters"][0].endswith(":0.5")
