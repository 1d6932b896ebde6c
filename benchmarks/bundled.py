"""How fast the bundled model loads, reads and writes.

    python benchmarks/bundled.py [--threads 2]

Medians of five on an otherwise idle machine: a prompt of some 1,600 tokens that nothing of is
cached, and a reply of 300 tokens.
"""

from __future__ import annotations

import argparse
import statistics
import time

from clin.llms import LLM, Question
from clin.llms.open import open_model

TEXT = "".join(
    f"> open door number {n}\nThe door to the kitchen is now open, {n} times.\n" for n in range(70)
)


def seconds(llm: LLM, question: Question) -> tuple[float, int]:
    """Seconds of one question, and the tokens that were written."""
    began = time.perf_counter()
    llm.submit(question, lane=0)
    written = llm.ready()[0][1].written
    return time.perf_counter() - began, written


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    began = time.perf_counter()
    llm = open_model(given.model, seed=0, threads=given.threads)
    loaded = time.perf_counter() - began
    tokens = llm.count(TEXT)
    read, written = [], []
    for n in range(5):
        took, _ = seconds(llm, Question((f"Task: {n}\n", TEXT), max_tokens=1))
        read.append(tokens / took)
    for n in range(5):
        took, count = seconds(llm, Question((f"Task: {n} go\n",), max_tokens=300))
        written.append(count / took)
    print(
        f"loaded in {loaded:.2f} s; reads {statistics.median(read):,.0f} tokens/s ({tokens} "
        f"tokens), writes {statistics.median(written):,.0f} tokens/s"
    )
    llm.close()


if __name__ == "__main__":
    main()
