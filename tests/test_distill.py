"""The chain from episodes to a model that llama.cpp plays with: tiny, whole, and the same when it
is interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

torch = pytest.importorskip(
    "torch", reason="`clin distill` needs the extra [distill]: torch is not installed"
)
for package in ("tokenizers", "gguf"):
    pytest.importorskip(
        package, reason=f"`clin distill` needs the extra [distill]: {package} is not installed"
    )

import gguf

from clin.cli import main
from clin.distill import checking, collect, export, presets, run_folder, start
from clin.distill import train as training
from clin.distill.copies import copies
from clin.distill.copying import copy_loss
from clin.distill.episodes import opened
from clin.distill.mix import Bank
from clin.distill.model import Llama, Shape
from clin.distill.muon import Muon
from clin.llms.native import Native
from clin.llms.open import model_file

CPU = torch.device("cpu")
STEPS = 8


class Letters:
    """An encoder with a token for each letter."""

    size, begin = 300, (0,)

    def __call__(self, part: str) -> list[int]:
        return [2 + ord(each) % 250 for each in part]


def quiet(*_: object) -> None:
    """A tell that says nothing."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    collect.collect(
        out,
        collect.places(["causal"], 2, 0, ["repair", "deliver"]),
        imperfect=3,
        seed=0,
        tell=quiet,
    )
    return out


def run(folder: Path, data: Path, *stops: int) -> Path:
    """A training run that is interrupted at ``stops`` and ends at the last of them."""
    for number, stop in enumerate(stops):
        begun = (
            training.begin(folder, [data], presets.recipe("tiny", steps=STEPS), CPU)
            if not number
            else training.resume(folder, [data], CPU)
        )
        training.train(*begun, until=stop, every=3, workers=0, tell=quiet)
    return folder


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("runs") / "whole", data, STEPS)


def test_a_resumed_run_equals_an_uninterrupted_one(whole: Path, data: Path, tmp_path: Path) -> None:
    parts = run(tmp_path / "parts", data, 2, 5, STEPS)
    one, other = (
        torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (whole, parts)
    )
    assert one["step"] == other["step"] == STEPS and one["read"] == other["read"] > 0
    assert all(torch.equal(one["model"][name], other["model"][name]) for name in one["model"])
    assert (whole / "tokens.json").read_text() == (parts / "tokens.json").read_text()


def test_batches_that_processes_prepare_are_the_same(
    whole: Path, data: Path, tmp_path: Path
) -> None:
    trainer, bank = training.begin(
        tmp_path / "ahead", [data], presets.recipe("tiny", steps=STEPS), CPU
    )
    training.train(trainer, bank, until=STEPS, every=100, workers=1, tell=quiet)
    assert export.weights_hash(trainer.model.state_dict()) == export.weights_hash(
        run_folder.checkpoint(whole)["model"]
    )


def test_a_warm_start_takes_over_weights_and_words_and_says_so(
    whole: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [
        "distill",
        "train",
        "--data",
        str(data),
        "--out",
        "warm",
        "--start-from",
        str(whole),
        "--steps",
        "2",
        "--stop-at",
    ]
    assert CliRunner().invoke(main, [*words, "1"]).exit_code == 0
    about = run_folder.read_run(tmp_path / "warm")["recipe"]
    assert about["started_from"] == export.weights_hash(run_folder.checkpoint(whole)["model"])
    assert (about["copy_first"], about["width"]) == (0, presets.PRESETS["tiny"].width)
    assert (tmp_path / "warm/tokens.json").read_text() == (whole / "tokens.json").read_text()
    assert (
        CliRunner()
        .invoke(main, ["distill", "train", "--data", str(data), "--out", "warm", "--resume"])
        .exit_code
        == 0
    )
    assert run_folder.checkpoint(tmp_path / "warm")["step"] == 2
    refused = CliRunner().invoke(
        main, [*words[:4], "--out", "other", "--start-from", str(whole), "--layers", "9"]
    )
    assert refused.exit_code == 2 and "keeps the layers" in refused.output


@pytest.mark.parametrize("kind", ["f16", "q8_0"])
def test_a_warm_start_from_a_gguf_file_reads_what_was_exported(
    whole: Path, data: Path, tmp_path: Path, kind: str
) -> None:
    found = export.trained(whole)
    export.export(found, tmp_path / "model.gguf", kind, "tiny")
    begun = start.start(str(tmp_path / "model.gguf"))
    assert begun.recipe == presets.of_dict(
        found.about["recipe"] | {"vocabulary": found.tokens.size}
    )
    assert all(begun.encode(text) == found.tokens(text) for text in checking.TEXTS)
    apart = {"f16": 0.01, "q8_0": 0.05}[kind]
    assert all(
        torch.allclose(value, found.model.state_dict()[name], atol=apart)
        for name, value in begun.weights.items()
    )
    again = [
        "distill",
        "train",
        "--data",
        str(data),
        "--out",
        str(tmp_path / "on"),
        "--start-from",
        str(tmp_path / "model.gguf"),
    ]
    assert CliRunner().invoke(main, [*again, "--steps", "1"]).exit_code == 0
    assert run_folder.checkpoint(tmp_path / "on")["step"] == 1


def test_the_bundled_model_can_be_gone_on_from_with_its_own_words() -> None:
    begun = start.start("bundled")
    native = Native(model_file("bundled"), gpu_layers=0)
    try:
        assert all(
            tuple(begun.encode(text)) == tuple(native.tokenize(text)) for text in checking.TEXTS
        )
    finally:
        native.close()


def test_a_model_of_another_make_is_no_start(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    vocabulary = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(str(vocabulary), "qwen2")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    for file, said in (
        (tmp_path / "notes.txt", "neither a run's folder nor a GGUF file"),
        (vocabulary, "only from models that"),
    ):
        refused = CliRunner().invoke(
            main,
            [
                "distill",
                "train",
                "--data",
                "x",
                "--out",
                str(tmp_path / "n"),
                "--start-from",
                str(file),
            ],
        )
        assert (
            refused.exit_code == 2 and said in refused.output and "Traceback" not in refused.output
        )


def test_the_shares_of_the_worlds_are_given_in_words_and_kept_with_the_recipe(
    data: Path, tmp_path: Path
) -> None:
    words = [
        "distill",
        "train",
        "--preset",
        "tiny",
        "--data",
        str(data),
        "--steps",
        "1",
        "--out",
        str(tmp_path / "run"),
        "--shares",
    ]
    assert CliRunner().invoke(main, [*words, "causal=0.3,scienceworld=0.7"]).exit_code == 0
    assert run_folder.read_run(tmp_path / "run")["recipe"]["worlds"] == {
        "causal": 0.3,
        "scienceworld": 0.7,
    }
    for given, said in (
        ("causal", "NAME=SHARE"),
        ("casual=0.3", "did you mean 'causal'"),
        ("causal=3", "at most 1"),
    ):
        refused = CliRunner().invoke(main, [*words, given])
        assert refused.exit_code == 2 and said in refused.output


def test_resuming_with_other_data_is_refused(whole: Path, tmp_path: Path) -> None:
    collect.collect(
        tmp_path, collect.places(["causal"], 1, 1, ["make"]), imperfect=1, seed=0, tell=quiet
    )
    with pytest.raises(ValueError, match="other data"):
        training.resume(whole, [tmp_path], CPU)


@pytest.mark.parametrize(("kind", "apart"), [("f32", 0.001), ("f16", 0.05), ("q8_0", 0.5)])
def test_llama_cpp_reads_the_export_as_torch_does(
    whole: Path, tmp_path: Path, kind: str, apart: float
) -> None:
    found = export.trained(whole)
    out = tmp_path / "model.gguf"
    export.export(found, out, kind, "tiny")
    checked = checking.check(found, out, samples=8)
    assert checked.texts > 50 and checked.unlike == 0
    assert checked.apart < apart
    assert (
        checked.agreed >= checked.decisions * (1 if kind != "q8_0" else 0.9)
        and checked.decisions > 20
    )


def test_the_export_plays_through_the_learner_and_shows_its_card(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert (
        runner.invoke(
            main, ["distill", "export", "--run", str(whole), "--out", "tiny.gguf"]
        ).exit_code
        == 0
    )
    shown = runner.invoke(main, ["models", "show", "tiny.gguf"]).output
    for words in (
        "roles act, revise, generalise; prompt compact-2; context 512",
        "4 train places",
        "preset",
        f"{STEPS} of {STEPS} updates",
        "sha256",
    ):
        assert words in shown
    words = [
        "distill",
        "evaluate",
        "--model",
        "tiny.gguf",
        "--world",
        "causal",
        "--tasks",
        "repair",
        "--per-task",
        "2",
        "--trials",
        "2",
        "--budget",
        "4",
        "--strategies",
        "none,clin",
        "--json",
    ]
    first = runner.invoke(main, words)
    assert first.exit_code == 0, first.output
    rows = json.loads(first.stdout)
    assert [row["strategy"] for row in rows] == ["none", "clin"]
    assert all(
        trial["n"] == 2 and trial["low"] <= trial["mean"] <= trial["high"]
        for row in rows
        for trial in row["trials"]
    )
    # What is in the database is not played again.
    assert json.loads(runner.invoke(main, words).stdout) == rows


def test_our_muon_moves_matrices_as_torchs_does() -> None:
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(*shape)) for shape in ((64, 32), (64, 32), (32, 64))]
    theirs = [torch.nn.Parameter(each.detach().clone()) for each in ours]
    begun = [each.detach().clone() for each in ours]
    one = Muon(ours, lr=0.02, weight_decay=0.05, momentum=0.95, half=False)
    other = torch.optim.Muon(
        theirs, lr=0.02, weight_decay=0.05, momentum=0.95, adjust_lr_fn="original"
    )
    for _ in range(4):
        for mine, its in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            its.grad = mine.grad.clone()
        one.step()
        other.step()
    for mine, its, before in zip(ours, theirs, begun, strict=True):
        assert (mine - its).norm() < 0.02 * (its - before).norm()  # torch computes in bf16


def test_only_what_the_model_must_write_is_learned(data: Path) -> None:
    bank = Bank.of(opened(data))
    recipe = presets.recipe("tiny")
    model = Llama(Shape(300, 32, 1, 2, 64, 512))
    from clin.distill.batches import round_of
    from clin.distill.mix import Mixer

    batch = round_of(Mixer(bank, recipe.shares), Letters(), recipe, 0)[0]
    newline = 2 + 10
    for window in batch:
        written = [number for number, weight in enumerate(window.weights) if weight]
        assert written and all(
            window.tokens[number] == newline for number in written if number + 1 not in written
        )
    assert training.act_loss(model, batch, CPU).item() == pytest.approx(
        torch.tensor(300.0).log().item(), abs=0.3
    )


def test_the_attention_that_copying_needs_is_learned() -> None:
    """On one batch, so that it takes a second: the supervised heads find their targets."""
    from random import Random

    torch.manual_seed(0)
    model = Llama(Shape(300, 64, 3, 4, 96, 512))
    drills = [
        copies(Random(n), lambda part: [2 + ord(each) % 250 for each in part], 300)
        for n in range(2)
    ]
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.003)
    losses = []
    for _ in range(40):
        loss, astray = copy_loss(model, drills, CPU)
        (loss + astray).backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append((loss.item(), astray.item()))
    assert losses[-1][0] < losses[0][0] * 0.8 and losses[-1][1] < losses[0][1] * 0.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--data", "none", "--out", "x"], "no episodes in 'none'"),
        (["train", "--data", "none", "--out", "x", "--preset", "gpus"], "did you mean 'gpu'"),
        (
            ["train", "--data", "none", "--out", "x", "--without", "elimnation"],
            "did you mean 'elimination'",
        ),
        (["train", "--data", "none", "--out", "x", "--width", "100"], "multiple of 32"),
        (["train", "--data", "none", "--out", "x", "--resume"], "no training run in 'x'"),
        (["export", "--run", "x", "--out", "x.gguf"], "no training run in 'x'"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_two(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["distill", *words])
    assert result.exit_code == 2, result.output
    assert said in result.output and len(result.output.strip().splitlines()) == 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import importlib

    def without(name: str, *rest: object) -> object:
        if name == "torch":
            raise ImportError(name)
        return real(name, *rest)

    real = importlib.import_module
    monkeypatch.setattr("clin.distill.importlib.import_module", without)
    result = CliRunner().invoke(
        main, ["distill", "train", "--data", str(tmp_path), "--out", str(tmp_path / "x")]
    )
    assert (
        result.exit_code == 2
        and "needs torch, which is not installed: pip install 'clin[distill]'" in result.output
    )
