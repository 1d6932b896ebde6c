"""All weights of somebody's Llama are trained: they learn, interrupted or not, and the file that
comes of it plays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Clin
from tiny_models import tiny

torch = pytest.importorskip(
    "torch", reason="`clin distill` needs the extra [distill]: torch is not installed"
)
pytest.importorskip("tokenizers", reason="`clin distill` needs the extra [distill]: tokenizers")

from clin.distill import base as bases
from clin.distill import checking, collect, export, presets, run_folder
from clin.distill import train as training
from clin.llms.chat_format import ChatFormat
from clin.llms.gguf_card import read_card
from clin.llms.gguf_file import header_of
from memory.store import Store

CPU = torch.device("cpu")
STEPS = 6
TEMPLATE = "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"


def quiet(*_: object) -> None:
    """A tell that says nothing."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    wanted = collect.places(["causal"], 2, 0, ["repair", "deliver"])
    collect.collect(out, wanted, imperfect=3, seed=0, tell=quiet)
    return out


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of its four heads share keys and values, and its output matrix is its own."""
    file = tmp_path_factory.mktemp("base") / "base.gguf"
    said = {"template": TEMPLATE, "licence": "apache-2.0"}
    return tiny(file, kv_heads=2, tied=False, context=1024, **said)


def run(folder: Path, base: Path, data: Path, *stops: int, **changes: object) -> Path:
    """A training of all weights that is interrupted at ``stops`` and ends at the last of them."""
    small: dict[str, object] = {"context": 700, "batch_tokens": 1400, "steps": STEPS}
    read = bases.opened(str(base))
    recipe = presets.adapting(read, "", full=True, **(small | changes))
    begun = training.begin(folder, [data], recipe, CPU, base=read)
    for number, stop in enumerate(stops):
        if number:
            begun = training.resume(folder, [data], CPU)
        training.train(*begun, until=stop, every=2, workers=0, tell=quiet)
    return folder


@pytest.fixture(scope="module")
def whole(base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("runs") / "whole", base, data, STEPS)


def exported(run: Path, out: Path, kind: str = "f32") -> bases.Base:
    """What the file says that ``run`` is written to."""
    export.export(export.trained(run), out, kind, "mine")
    return bases.opened(str(out))


def changed(before: Path, after: bases.Base) -> set[str]:
    """The tensors that are no longer bit by bit what they were."""
    weights = bases.opened(str(before)).weights
    assert list(weights) == list(after.weights)
    return {name for name, was in weights.items() if not torch.equal(was, after.weights[name])}


def test_every_tensor_learns(whole: Path, base: Path, tmp_path: Path) -> None:
    assert changed(base, exported(whole, tmp_path / "out.gguf")) == set(
        bases.opened(str(base)).weights
    )


def test_the_loss_falls(base: Path, data: Path, tmp_path: Path) -> None:
    folder = run(tmp_path / "longer", base, data, 40, steps=40, other_rate=0.003)
    rows = [json.loads(line) for line in (folder / "curves.jsonl").read_text().splitlines()]
    assert rows[-1]["act"] < 0.9 * rows[0]["act"]


def test_a_resumed_run_equals_an_uninterrupted_one(
    whole: Path, base: Path, data: Path, tmp_path: Path
) -> None:
    parts = run(tmp_path / "parts", base, data, 2, 5, STEPS)
    one, other = (run_folder.checkpoint(folder) for folder in (whole, parts))
    assert one["step"] == other["step"] == STEPS and one["read"] == other["read"] > 0
    assert all(torch.equal(one["model"][name], other["model"][name]) for name in one["model"])


def test_the_lower_layers_and_both_ends_stay_where_the_upper_ones_learn(
    base: Path, data: Path, tmp_path: Path
) -> None:
    folder = run(tmp_path / "upper", base, data, 2, STEPS, upper_layers=1)
    learned = {f"blk.1.{name}.weight" for name in (*bases.MATRICES, *bases.NORMS)}
    after = exported(folder, tmp_path / "out.gguf")
    assert changed(base, after) == learned | {"output_norm.weight"}
    stored = run_folder.checkpoint(folder)["model"]
    assert all(name.startswith("layers.1.") or name == "norm" for name in stored)
    told = header_of(after.file)
    assert told and "the last 1 layers trained" in str(told.keys["general.description"])


@pytest.mark.parametrize("kind", ["f32", "f16", "q8_0"])
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "output matrix"])
def test_llama_cpp_reads_the_export_as_torch_does(
    data: Path, tmp_path: Path, kind: str, tied: bool
) -> None:
    mine = tiny(tmp_path / "base.gguf", kv_heads=1, tied=tied, context=1024)
    found = export.trained(run(tmp_path / "run", mine, data, 3, other_rate=0.003))
    out = tmp_path / "out.gguf"
    export.export(found, out, kind, "mine")
    checked = checking.check(found, out, samples=6)
    assert checked.texts > 40 and checked.unlike == 0
    least, most = {"f32": (0.95, 0.05), "f16": (0.9, 0.1), "q8_0": (0.8, 2.0)}[kind]
    assert checked.decisions > 20 and checked.agreed > least * checked.decisions
    assert checked.apart < most


def test_the_file_has_the_bases_header_and_a_card_of_its_own(
    whole: Path, base: Path, tmp_path: Path
) -> None:
    exported(whole, tmp_path / "out.gguf", "f16")
    theirs, ours = (header_of(file) for file in (base, tmp_path / "out.gguf"))
    assert theirs and ours
    for key, value in theirs.keys.items():
        if key not in ("general.name", "general.file_type", "general.quantization_version"):
            assert ours.keys[key] == value
    card = read_card(tmp_path / "out.gguf")
    size = sum(weight.numel() for weight in bases.opened(str(base)).weights.values())
    assert card.details["general.description"].startswith(
        f"A Llama of {size / 1e6:.2f} million parameters, trained on top of {base} by"
    )
    assert card.details["clin.base"].startswith(str(base))
    assert json.loads(card.details["clin.recipe"])["full"] is True
    assert (card.name, card.prompt, card.context) == ("mine", "compact-3", 700)
    assert card.template == ChatFormat()  # it was trained without one


def test_it_is_trained_exported_and_played_by_three_commands(
    base: Path, data: Path, tmp_path: Path, clin: Clin
) -> None:
    train = ["distill", "train", "--data", str(data), "--out", "run"]
    small = ["--context", "700", "--batch-tokens", "1400", "--steps", "3"]
    assert clin(*train, "--base", str(base), "--full", *small, "--stop-at", "1").returncode == 0
    assert clin(*train, "--resume").returncode == 0
    made = clin("distill", "export", "--run", "run", "--out", "mine.gguf", "--type", "q8_0")
    assert made.returncode == 0 and "0 tokenised differently" in made.stdout
    words = ["--world", "causal", "--task", "repair", "--variation", "203", "--trials", "2"]
    words += ["--budget", "8", "--epsilon", "1", "--db", "a.db", "--ctx", "1024"]
    assert clin("run", "--model", "mine.gguf", *words).returncode == 0
    with Store(tmp_path / "a.db") as store:
        config = store.run("r1").config
        assert (config["model"]["prompt"], config["prompting"]["recall"]) == ("compact-3", "both")
        assert all(row.steps for row in store.trials("r1"))


def test_a_run_goes_on_from_another_of_its_kind(
    whole: Path, base: Path, data: Path, tmp_path: Path, clin: Clin
) -> None:
    words = ["distill", "train", "--base", str(base), "--data", str(data), "--full"]
    words += ["--context", "700", "--batch-tokens", "1400", "--steps", "4"]
    begun = clin(*words, "--start-from", str(whole), "--stop-at", "1", "--out", "on")
    assert begun.returncode == 0
    about = run_folder.read_run(tmp_path / "on")["recipe"]
    before = export.trained(whole).model.state_dict()
    assert about["started_from"] == export.weights_hash(before)
    assert about["other_rate"] < presets.PRESETS["full"].other_rate
    after = run_folder.checkpoint(tmp_path / "on")["model"]
    moved = max((after[name] - before[name]).abs().max().item() for name in before)
    assert 0 < moved < 1e-4  # one update away from the start, and not from the base


def test_what_full_cannot_start_from_is_told_in_a_line(
    whole: Path, base: Path, data: Path, tmp_path: Path, clin: Clin
) -> None:
    other = tiny(tmp_path / "other.gguf", kv_heads=2, tied=False, context=900)
    small = ["--data", str(data), "--context", "700", "--batch-tokens", "1400", "--steps", "1"]
    train = ["distill", "train", *small, "--out"]
    assert clin(*train, "lora", "--base", str(base), "--lora", "4").returncode == 0
    assert clin("distill", "export", "--run", "lora", "--out", "a.gguf").returncode == 0
    full = ["--full", "--base", str(base), "--start-from"]
    for words, said in (
        ([*full, "lora"], "cannot start from 'lora': it is no run of --full"),
        ([*full, "a.gguf"], "cannot start from 'a.gguf': it is no run of --full"),
        ([*full, str(whole), "--upper-layers", "1"], "the same --upper-layers"),
        (["--full", "--base", str(other), "--start-from", str(whole)], "no run of --full with"),
        (["--base", str(base), "--start-from", str(whole)], "it is no adapter of rank 32"),
        (["--start-from", str(whole)], "it was trained on top of a model, which --base names"),
    ):
        refused = clin(*train, "x", *words)
        assert refused.returncode == 2 and said in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


def test_bad_input_is_told_in_a_line(whole: Path, base: Path, clin: Clin) -> None:
    train = ["distill", "train", "--data", "none", "--out", "x"]
    for words, said in (
        ([*train, "--full"], "--full trains on top of a model: name its model with --base"),
        ([*train, "--preset", "full"], "--preset full trains on top of a model"),
        ([*train, "--base", str(base), "--full", "--lora", "8"], "leave one of them out"),
        ([*train, "--base", str(base), "--full", "--width", "64"], "leave --width out"),
        ([*train, "--base", str(base), "--full", "--preset", "lora"], "leave --preset lora out"),
        ([*train, "--base", str(base), "--full", "--upper-layers", "3"], "at most 2"),
        (
            ["distill", "export", "--run", str(whole), "--out", "x.gguf", "--merged"],
            "--merged is about adapters",
        ),
    ):
        refused = clin(*words)
        assert refused.returncode == 2 and said in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
