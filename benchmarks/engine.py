"""Whole trials over one model: our engine beside the naive way and, where they are built, llama.cpp's own tools.

    python benchmarks/engine.py --model bundled --lanes 1,4,16,64 [--llama-cpp BUILD/bin]

A trial has a head that all trials share (task and memory), then ``--steps`` steps: the model writes one action of at most
8 tokens (ours chooses it among 30), the world's answer follows. The world is made up, so that only the model is timed. ``naive`` is one
llama_cpp.Llama that is given the whole prompt at each step; it keeps the beginning that it shares with its last prompt.
``--llama-cpp`` names a folder with llama-server and llama-batched-bench of the same sources. Run it alone on the machine.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from clin.drive import drive
from clin.llms import Question
from clin.llms.llamacpp import LlamaCpp
from clin.llms.open import model_file

VERBS = ("focus on", "pick up", "open", "look at", "move", "activate")
THINGS = ("red box", "metal pot", "kitchen door", "thermometer", "stove")
CHOICES = tuple(f" {verb} {thing}\n" for verb in VERBS for thing in THINGS)
HEAD = ("Task: find the animal with the longest life span. Then focus on it.\n", "Memory:\n") + tuple(
    f"- {verb} {thing} {n} SHOULD BE NECESSARY to make progress\n" for n, (verb, thing) in enumerate(zip(VERBS * 5, THINGS * 6, strict=True))
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


def ours(path: Path, lanes: int, steps: int, threads: int, ctx: int) -> dict[str, float]:
    """Steps/s over ``lanes`` trials in flight, the share of prompt tokens reused after the first step, our own time."""
    model = LlamaCpp(path, lanes=lanes, threads=threads, ctx=ctx)
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
        "steps/s": len(told) / seconds, "own share": 1 - spent / seconds,
        "reused": sum(a.reused for a in later) / sum(a.read for a in later),
    }


def naive(path: Path, trials: int, steps: int, threads: int, ctx: int) -> float:
    """Steps/s of one llama_cpp.Llama with the full prompt at each step, the trials taking turns."""
    import llama_cpp

    model = llama_cpp.Llama(str(path), n_ctx=ctx, n_threads=threads, n_threads_batch=threads, verbose=False)
    prompts = ["".join(HEAD)] * trials
    began = time.perf_counter()
    for step in range(steps):
        for number in range(trials):
            reply = model.create_completion(prompts[number] + ">", max_tokens=8, stop=["\n"], temperature=0.0)
            prompts[number] += f">{reply['choices'][0]['text']}\n{observation(number, step)}"
    return trials * steps / (time.perf_counter() - began)


@contextmanager
def server(folder: Path, path: Path, lanes: int, threads: int, ctx: int) -> Iterator[str]:
    words = [folder / "llama-server", "-m", path, "-np", lanes, "-c", lanes * ctx, "-t", threads, "--port", 8199, "--host", "127.0.0.1"]
    process = subprocess.Popen([*map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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


def served(folder: Path, path: Path, lanes: int, steps: int, threads: int, ctx: int) -> float:
    """Steps/s of llama-server with ``lanes`` slots, each trial in a thread of its own."""
    def one(number: int, url: str) -> None:
        text = "".join(HEAD)
        with httpx.Client(timeout=600) as client:
            for step in range(steps):
                body = {"prompt": text + ">", "n_predict": 8, "stop": ["\n"], "temperature": 0.0, "cache_prompt": True, "id_slot": number}
                text += f">{client.post(url, json=body).json()['content']}\n{observation(number, step)}"

    with server(folder, path, lanes, threads, ctx) as url, ThreadPoolExecutor(lanes) as pool:
        began = time.perf_counter()
        list(pool.map(lambda number: one(number, url), range(lanes)))
        return lanes * steps / (time.perf_counter() - began)


def decoding(path: Path, lanes: int, threads: int, prompt: int = 256, tokens: int = 64) -> float:
    """Tokens/s that our engine writes with ``lanes`` lanes on a shared prompt, the prompt's time taken off."""
    model = LlamaCpp(path, lanes=lanes, threads=threads, ctx=prompt + tokens + 64)
    words = " box" * prompt
    def write(count: int) -> float:
        began = time.perf_counter()
        for lane in range(lanes):
            model.submit(Question((words,), max_tokens=count), lane=lane)
        left = lanes
        while left:
            left -= len(model.ready())
        return time.perf_counter() - began
    write(1)
    seconds = write(tokens) - write(1)
    model.close()
    return lanes * (tokens - 1) / seconds


def batched_bench(folder: Path, path: Path, lanes: list[int], threads: int, prompt: int = 256, tokens: int = 64) -> dict[int, float]:
    """Tokens/s of llama-batched-bench's generation, by number of sequences."""
    words = [folder / "llama-batched-bench", "-m", path, "-c", max(lanes) * (prompt + tokens), "-npp", prompt, "-ntg", tokens,
             "-npl", ",".join(map(str, lanes)), "-t", threads, "-pps", "--kv-unified", "--output-format", "jsonl"]
    out = subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {row["pl"]: row["speed_tg"] for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--lanes", default="1,4,16,64")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ctx", type=int, default=2048)
    parser.add_argument("--llama-cpp", type=Path, default=None)
    given = parser.parse_args()
    path, lanes = model_file(given.model), [int(each) for each in given.lanes.split(",")]
    bench = batched_bench(given.llama_cpp, path, lanes, given.threads) if given.llama_cpp else {}
    print(f"{path.name}, {given.steps} steps a trial, {given.threads} threads\n")
    print("| lanes | ours, steps/s | naive | ratio | llama-server | ratio | reused after step 1 | own time | decoding, tokens/s | batched-bench | ratio |")
    print("|" + "---|" * 11)
    for each in lanes:
        mine = ours(path, each, given.steps, given.threads, given.ctx)
        plain = naive(path, each, max(2, given.steps * 4 // max(4, each)), given.threads, given.ctx)
        cells = [f"{each}", f"{mine['steps/s']:.1f}", f"{plain:.1f}", f"{mine['steps/s'] / plain:.1f}"]
        theirs = served(given.llama_cpp, path, each, given.steps, given.threads, given.ctx) if given.llama_cpp else None
        cells += [f"{theirs:.1f}", f"{mine['steps/s'] / theirs:.2f}"] if theirs else ["", ""]
        tokens = decoding(path, each, given.threads)
        cells += [f"{mine['reused']:.1%}", f"{mine['own share']:.1%}", f"{tokens:.0f}"]
        cells += [f"{bench[each]:.0f}", f"{tokens / bench[each]:.2f}"] if each in bench else ["", ""]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
