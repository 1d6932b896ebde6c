"""Whole trials over one model: our engine beside the naive way and, where they are built,
llama.cpp's own tools.

    python benchmarks/engine.py --model bundled --lanes 1,4,16,64 [--llama-cpp BUILD/bin]
    [--flash-attention on] [--kv-type q8_0]
    python benchmarks/engine.py --model smollm2 --real scienceworld:boil --lanes 1,4
    [--beside Q4_0.gguf,Q8_0.gguf]

A trial has a head that all trials share (task and memory), then ``--steps`` steps: the model writes
one action of at most 8 tokens (ours chooses it among 30), the world's answer follows. The world is
made up, so that only the model is timed. ``naive`` is one llama_cpp.Llama that is given the whole
prompt at each step; it keeps the beginning that it shares with its last prompt. ``--llama-cpp``
names a folder with llama-server and llama-batched-bench of the same sources; without it, the one
where `llama-server` is found. Run it alone on the machine.

``--real WORLD:TASK`` plays first trials of that place instead, in the prompts of `full-2`: a
bounded thought, then an action. There the naive way reads the whole prompt anew. ``--beside``
names other files of the same model, each by any reference, for a row each.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import real_prompts

from clin.llms import Question
from clin.llms.llamacpp import LlamaCpp
from clin.llms.native import KV_TYPES
from clin.llms.open import model_file
from clin.rollout.scheduler import drive

VERBS = ("focus on", "pick up", "open", "look at", "move", "activate")
THINGS = ("red box", "metal pot", "kitchen door", "thermometer", "stove")
CHOICES = tuple(f" {verb} {thing}\n" for verb in VERBS for thing in THINGS)
HEAD = (
    "Task: find the animal with the longest life span. Then focus on it.\n",
    "Memory:\n",
    *tuple(
        f"- {verb} {thing} {n} SHOULD BE NECESSARY to make progress\n"
        for n, (verb, thing) in enumerate(zip(VERBS * 5, THINGS * 6, strict=True))
    ),
)


def observation(trial: int, step: int) -> str:
    draw = random.Random(1000 * trial + step)
    return f"You see {', '.join(draw.choices(THINGS, k=6))} and {draw.choice(THINGS)}.\n"


def trial(number: int, steps: int, told: list) -> Iterator:
    parts = HEAD
    for step in range(steps):
        answer = yield Question((*parts, ">"), CHOICES)
        told.append((step, answer))
        parts = (*parts, ">", answer.text, observation(number, step))


@dataclass(frozen=True)
class Setup:
    """What every contender runs: the file, threads, tokens of context a lane, flash attention
    (``on`` or ``off``), the cache's type."""

    path: Path
    threads: int
    ctx: int
    flash: str = "off"
    kv_type: str = "f16"

    def engine(self, lanes: int = 1, ctx: int = 0, unified: bool = False) -> LlamaCpp:
        return LlamaCpp(
            self.path,
            lanes=lanes,
            threads=self.threads,
            ctx=ctx or self.ctx,
            kv_unified=unified,
            kv_type=self.kv_type,
            flash_attention=self.flash == "on",
        )

    def words(self) -> list[str | int | Path]:
        """The same for llama.cpp's own programs."""
        return [
            "-m",
            self.path,
            "-t",
            self.threads,
            "-fa",
            self.flash,
            "-ctk",
            self.kv_type,
            "-ctv",
            self.kv_type,
            "-ngl",
            999,
        ]


def ours(setup: Setup, lanes: int, steps: int) -> dict[str, float]:
    """Steps/s over ``lanes`` trials in flight, the share of prompt tokens reused after the first
    step, our own time."""
    model = setup.engine(lanes)
    spent = 0.0
    decode = model._native.decode

    def timed(rows):
        nonlocal spent
        began = time.perf_counter()
        found = decode(rows)
        spent += time.perf_counter() - began
        return found

    model._native.decode = timed
    told: list = []
    began = time.perf_counter()
    drive([trial(n, steps, told) for n in range(lanes)], model, lanes=lanes)
    seconds = time.perf_counter() - began
    model.close()
    later = [answer for step, answer in told if step]
    return {
        "steps/s": len(told) / seconds,
        "own share": 1 - spent / seconds,
        "reused": sum(a.reused for a in later) / sum(a.read for a in later),
    }


def plain(setup: Setup):
    """One llama_cpp.Llama."""
    import llama_cpp

    return llama_cpp.Llama(
        str(setup.path),
        n_ctx=setup.ctx,
        n_threads=setup.threads,
        n_threads_batch=setup.threads,
        n_gpu_layers=-1,
        flash_attn=setup.flash == "on",
        type_k=KV_TYPES[setup.kv_type],
        type_v=KV_TYPES[setup.kv_type],
        verbose=False,
    )


def naive(setup: Setup, trials: int, steps: int) -> float:
    """Steps/s of one llama_cpp.Llama with the full prompt at each step, the trials taking turns."""
    model = plain(setup)
    prompts = ["".join(HEAD)] * trials
    began = time.perf_counter()
    for step in range(steps):
        for number in range(trials):
            reply = model.create_completion(
                prompts[number] + ">", max_tokens=8, stop=["\n"], temperature=0.0
            )
            prompts[number] += f">{reply['choices'][0]['text']}\n{observation(number, step)}"
    return trials * steps / (time.perf_counter() - began)


@contextmanager
def server(folder: Path, setup: Setup, lanes: int) -> Iterator[str]:
    words = [
        folder / "llama-server",
        *setup.words(),
        "-np",
        lanes,
        "-c",
        lanes * setup.ctx,
        "--port",
        8199,
        "--host",
        "127.0.0.1",
    ]
    process = subprocess.Popen(
        [*map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                if httpx.get("http://127.0.0.1:8199/health").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield "http://127.0.0.1:8199/completion"
    finally:
        process.kill()
        process.wait()


def served(folder: Path, setup: Setup, lanes: int, steps: int) -> float:
    """Steps/s of llama-server with ``lanes`` slots, each trial in a thread of its own."""

    def one(number: int, url: str) -> None:
        text = "".join(HEAD)
        with httpx.Client(timeout=600) as client:
            for step in range(steps):
                body = {
                    "prompt": text + ">",
                    "n_predict": 8,
                    "stop": ["\n"],
                    "temperature": 0.0,
                    "cache_prompt": True,
                    "id_slot": number,
                }
                text += (
                    f">{client.post(url, json=body).json()['content']}\n{observation(number, step)}"
                )

    with server(folder, setup, lanes) as url, ThreadPoolExecutor(lanes) as pool:
        began = time.perf_counter()
        list(pool.map(lambda number: one(number, url), range(lanes)))
        return lanes * steps / (time.perf_counter() - began)


def decoding(setup: Setup, lanes: int, unified: bool, prompt: int = 256, tokens: int = 64) -> float:
    """Tokens/s that our engine writes with ``lanes`` lanes, the time of reading the prompts taken
    off; ``unified`` lanes share the prompt in one pool of cells, the others hold a prompt each."""
    model = setup.engine(lanes, prompt + tokens + 64, unified)

    def write(count: int) -> float:
        began = time.perf_counter()
        for lane in range(lanes):
            model.submit(Question((" box" * prompt, ">"), max_tokens=count), lane=lane)
        left = lanes
        while left:
            left -= len(model.ready())
        return time.perf_counter() - began

    write(1)
    seconds = write(tokens) - write(1)
    model.close()
    return lanes * (tokens - 1) / seconds


def batched_bench(
    folder: Path, setup: Setup, lanes: list[int], unified: bool, prompt: int = 256, tokens: int = 64
) -> dict[int, float]:
    """Tokens/s of llama-batched-bench's generation, by number of sequences, in the same two
    layouts."""
    layout = ("-pps", "--kv-unified") if unified else ("--no-kv-unified",)
    words = [
        folder / "llama-batched-bench",
        *setup.words(),
        "-c",
        max(lanes) * (prompt + tokens + 8),
        "-npp",
        prompt,
        "-ntg",
        tokens,
        "-npl",
        ",".join(map(str, lanes)),
        *layout,
        "--output-format",
        "jsonl",
    ]
    out = subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {row["pl"]: row["speed_tg"] for row in rows}


def differing(setup: Setup, lanes: int, steps: int) -> tuple[int, int]:
    """Of the actions that ``lanes`` trials in flight choose, how many one lane alone chooses
    otherwise after the same prompt: (differing, compared)."""
    many: list = []
    model = setup.engine(lanes)
    drive([asked(n, steps, many) for n in range(lanes)], model, lanes=lanes)
    model.close()
    single = setup.engine()
    differ = 0
    for question, text in sorted(many, key=lambda each: each[0].parts):
        single.submit(question, lane=0)
        [(_, answer)] = single.ready()
        differ += answer.text != text
    single.close()
    return differ, len(many)


def asked(number: int, steps: int, told: list) -> Iterator:
    parts = HEAD
    for step in range(steps):
        question = Question((*parts, ">"), CHOICES)
        answer = yield question
        told.append((question, answer.text))
        parts = (*parts, ">", answer.text, observation(number, step))


def choosing(setup: Setup, count: int = 1500, steps: int = 40) -> tuple[float, float, float]:
    """Our own time per step, in ms, of choosing among ``count`` admissible actions of which a few
    change from step to step: the first step, which tokenises and builds everything, the median of
    later ones, and the longest of those."""
    model = setup.engine()
    draw = random.Random(0)
    actions = [
        f" {draw.choice(VERBS)} {draw.choice(THINGS)} {n} in {draw.choice(THINGS)}\n"
        for n in range(count + 10 * steps)
    ]
    spent = []
    for step in range(steps):
        outside, decode = 0.0, model._native.decode

        def timed(rows, decode=decode):
            nonlocal outside
            began = time.perf_counter()
            found = decode(rows)
            outside += time.perf_counter() - began
            return found

        model._native.decode = timed
        began = time.perf_counter()
        model.submit(Question((*HEAD, ">"), tuple(actions[10 * step : 10 * step + count])), lane=0)
        model.ready()
        spent.append(1000 * (time.perf_counter() - began - outside))
        model._native.decode = decode
    model.close()
    later = sorted(spent[1:])
    return spent[0], later[len(later) // 2], later[-1]


def found() -> Path | None:
    """The folder where llama-server is found."""
    there = shutil.which("llama-server")
    return Path(there).parent if there else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--lanes", default="1,4,16,64")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ctx", type=int, default=0, help="default: 1408, with --real 8192")
    parser.add_argument("--llama-cpp", type=Path, default=found())
    parser.add_argument("--real", metavar="WORLD:TASK", default="")
    parser.add_argument("--beside", metavar="REFERENCES", default="")
    parser.add_argument("--flash-attention", choices=("on", "off"), default="off")
    parser.add_argument("--kv-type", choices=tuple(KV_TYPES), default="f16")
    parser.add_argument("--only-trials", action="store_true", help="the first table alone")
    given = parser.parse_args()
    ctx = given.ctx or (8192 if given.real else 1408)
    setup, lanes = (
        Setup(model_file(given.model), given.threads, ctx, given.flash_attention, given.kv_type),
        [int(each) for each in given.lanes.split(",")],
    )
    print(
        f"{setup.path.name}, {given.steps} steps a trial, {given.threads} threads, {ctx} "
        f"tokens a lane, flash attention {setup.flash}, cache {setup.kv_type}\n"
    )
    if given.real:
        real_table(setup, lanes, given.real, given.steps, given.llama_cpp)
        others = [each for each in given.beside.split(",") if each]
        files_table(setup, [given.model, *others], given.real, given.steps)
        return
    trials_table(setup, lanes, given.steps, given.llama_cpp)
    if given.only_trials:
        return
    writing_table(setup, lanes, given.llama_cpp)
    differ, compared = differing(setup, max(lanes), min(given.steps, 10))
    print(
        f"\nActions that {max(lanes)} lanes choose otherwise than one lane: {differ} of {compared}."
    )
    first, median, longest = choosing(setup)
    print(
        "\nOur own time to choose among 1,500 actions of which 10 change a step: first step "
        f"{first:.1f} ms, then {median:.2f} ms"
        f" (median of 39, longest {longest:.2f} ms)."
    )


def trials_table(setup: Setup, lanes: list[int], steps: int, llama_cpp: Path | None) -> None:
    """Whole trials. The naive way takes turns, so its steps/s do not depend on how many trials
    beyond two there are."""
    print(
        "| lanes | ours, steps/s | naive | ratio | llama-server | ratio | reused after step 1 | "
        "own time |\n" + "|---" * 8 + "|"
    )
    plain = {count: naive(setup, count, steps) for count in {min(each, 2) for each in lanes}}
    for each in lanes:
        mine, other = ours(setup, each, steps), plain[min(each, 2)]
        cells = [
            f"{each}",
            f"{mine['steps/s']:.1f}",
            f"{other:.1f}",
            f"{mine['steps/s'] / other:.1f}",
        ]
        theirs = served(llama_cpp, setup, each, steps) if llama_cpp else None
        cells += [f"{theirs:.1f}", f"{mine['steps/s'] / theirs:.2f}"] if theirs else ["", ""]
        print(
            "| " + " | ".join([*cells, f"{mine['reused']:.1%}", f"{mine['own share']:.1%}"]) + " |",
            flush=True,
        )


def real_table(
    setup: Setup, lanes: list[int], place: str, steps: int, llama_cpp: Path | None
) -> None:
    """Trials of real prompts; each contender reads the same prompts and writes as it likes."""
    print(
        "| trials | ours, steps/s | naive | ratio | llama-server | ratio | tokens of a prompt | "
        "reused |\n" + "|---" * 8 + "|"
    )
    for each in lanes:
        model = setup.engine(each)
        template = model.card.template
        trials = [real_prompts.recorded(model, place, number, steps) for number in range(each)]
        mine = real_prompts.ours(model, trials)
        model.close()
        other = real_prompts.naive(plain(setup), trials, template)
        cells = [f"{each}", f"{mine['steps/s']:.2f}", f"{other:.2f}"]
        cells += [f"{mine['steps/s'] / other:.1f}", "", ""]
        if llama_cpp:
            with server(llama_cpp, setup, each) as url:
                theirs = real_prompts.served(url, trials, template)
            cells[-2:] = [f"{theirs:.2f}", f"{mine['steps/s'] / theirs:.2f}"]
        cells += [f"{mine['tokens']:.0f}", f"{mine['reused']:.1%}"]
        print("| " + " | ".join(cells) + " |", flush=True)


def files_table(setup: Setup, references: list[str], place: str, steps: int) -> None:
    """Files of one model in several types: reading a prompt, and one trial of real prompts."""
    print("\n| file | MB | reads 512 tokens, tokens/s | steps/s |\n" + "|---" * 4 + "|")
    for reference in references:
        path = model_file(reference)
        model = replace(setup, path=path).engine()
        reads = real_prompts.reading(model)
        trial = real_prompts.recorded(model, place, 0, steps)
        speed = real_prompts.ours(model, [trial])["steps/s"]
        model.close()
        size = path.stat().st_size / 1e6
        print(f"| {path.name} | {size:.0f} | {reads:.0f} | {speed:.2f} |", flush=True)


def writing_table(setup: Setup, lanes: list[int], llama_cpp: Path | None) -> None:
    """Free text after a prompt of 256 tokens: nothing but decoding."""
    print(
        "\n| lanes | a buffer per lane: ours, tokens/s | batched-bench | ratio | shared prompt "
        "in one pool: ours | batched-bench | ratio |"
    )
    print("|---" * 7 + "|")
    theirs = {
        unified: batched_bench(llama_cpp, setup, lanes, unified)
        if llama_cpp and (llama_cpp / "llama-batched-bench").exists()
        else {}
        for unified in (False, True)
    }
    for each in lanes:
        cells = [f"{each}"]
        for unified in (False, True):
            mine = decoding(setup, each, unified)
            bench = theirs[unified].get(each)
            cells += [
                f"{mine:.0f}",
                *([f"{bench:.0f}", f"{mine / bench:.2f}"] if bench else ["", ""]),
            ]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
