"""The chat template of a model file, as what stands before and after a user's message."""

from __future__ import annotations

from datetime import datetime

from clin.errors import ModelError

SENTINEL = "\u2063CLIN\u2063"
"""Stands for the message when the template is rendered; an invisible separator keeps it out of any
template's own text."""


def wrapping(template: str) -> tuple[str, str]:
    """What ``template`` puts before and after one user message, the assistant's header included.

    Two empty strings for a model without one; ModelError if it cannot be rendered. The sandbox is
    the one that llama-cpp-python uses.

    Thinking that the template itself opens is closed at once (the form that Qwen3 has for this). A
    reply begins with what was asked for, and what would be thought without a bound is asked for in
    words instead (``Thought:``).
    """
    if not template.strip():
        return "", ""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    sandbox = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    sandbox.globals.update(
        raise_exception=refuse, strftime_now=lambda form: datetime(2025, 1, 1).strftime(form)
    )
    try:
        rendered = sandbox.from_string(template).render(
            messages=[{"role": "user", "content": SENTINEL}],
            add_generation_prompt=True,
            bos_token="",
            eos_token="",
        )
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise ModelError(
            f"the model's chat template cannot be rendered: {' '.join(str(error).split())[:160]}"
        ) from None
    opening, found, closing = rendered.partition(SENTINEL)
    if not found:
        raise ModelError("the model's chat template leaves the user's message out")
    if closing.rstrip().endswith("<think>"):
        closing = f"{closing.rstrip()}\n\n</think>\n\n"
    return opening, closing
